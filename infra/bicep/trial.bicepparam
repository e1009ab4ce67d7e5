// The cheapest that is safe: no GPU, nothing that costs much while idle, public endpoints that only Entra ID opens.
// Who you are comes from the environment; docs/azure.md has the steps.
using 'main.bicep'

param environmentName = readEnvironmentVariable('HRNET_ENVIRONMENT', 'hrnet-trial')
param imageVersion = readEnvironmentVariable('HRNET_VERSION', '')

param administratorName = readEnvironmentVariable('HRNET_ADMIN_NAME', 'nobody@example.com')
param administratorObjectId = readEnvironmentVariable('HRNET_ADMIN_ID', '00000000-0000-0000-0000-000000000000')
param administratorType = 'User'
param administratorAddresses = [
  readEnvironmentVariable('HRNET_ADMIN_ADDRESS', '')
]

// Without an app registration nobody outside the environment reaches the dashboard.
param signInClientId = readEnvironmentVariable('HRNET_SIGN_IN_CLIENT_ID', '')
param signInObjectIds = [
  readEnvironmentVariable('HRNET_ADMIN_ID', '00000000-0000-0000-0000-000000000000')
]

param operators = [
  {
    objectId: readEnvironmentVariable('HRNET_ADMIN_ID', '00000000-0000-0000-0000-000000000000')
    type: 'User'
  }
]

param tags = {
  purpose: 'trial'
}
