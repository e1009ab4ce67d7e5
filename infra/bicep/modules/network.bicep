metadata description = 'The virtual network of a private environment: one subnet for Container Apps, one for private endpoints.'

@description('Name of the network.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Addresses of the network, a /16; its first /23 is for Container Apps and the /24 after it for private endpoints.')
param addressSpace string

// Nothing beside Azure's own rules: the network is open within, and closed to the internet's calls.
resource rules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: '${name}-rules'
  location: location
  tags: tags
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [addressSpace]
    }
    subnets: [
      {
        name: 'apps'
        properties: {
          addressPrefix: cidrSubnet(addressSpace, 23, 0)
          networkSecurityGroup: {
            id: rules.id
          }
          delegations: [
            {
              name: 'container-apps'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressSpace, 24, 2)
          defaultOutboundAccess: false
          networkSecurityGroup: {
            id: rules.id
          }
        }
      }
    ]
  }
}

@description('Resource id of the network.')
output id string = network.id

@description('Resource id of the subnet of Container Apps.')
output appsSubnetId string = resourceId('Microsoft.Network/virtualNetworks/subnets', network.name, 'apps')

@description('Resource id of the subnet of private endpoints.')
output endpointsSubnetId string = resourceId('Microsoft.Network/virtualNetworks/subnets', network.name, 'endpoints')
