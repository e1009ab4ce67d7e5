metadata description = 'Lets the virtual network find the apps of a private environment by name.'

@description('The environment\'s domain.')
param domain string

@description('The environment\'s address in the virtual network.')
param address string

@description('Resource id of the virtual network.')
param networkId string

@description('Tags of every resource.')
param tags object

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: domain
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: 'network'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: networkId
      }
    }
  }

  resource apps 'A' = {
    name: '*'
    properties: {
      ttl: 3600
      aRecords: [
        {
          ipv4Address: address
        }
      ]
    }
  }
}
