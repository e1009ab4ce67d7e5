// Reached from its own virtual network alone, survives the loss of a zone, has GPUs. Deploy it from within that network or one peered
// with it: the registry and PostgreSQL answer nobody else. docs/azure.md has the steps.
using 'main.bicep'

param environmentName = readEnvironmentVariable('HRNET_ENVIRONMENT', 'hrnet-production')
param imageVersion = readEnvironmentVariable('HRNET_VERSION', '')

param administratorName = readEnvironmentVariable('HRNET_ADMIN_NAME', 'hrnet administrators')
param administratorObjectId = readEnvironmentVariable('HRNET_ADMIN_ID', '00000000-0000-0000-0000-000000000000')
param administratorType = 'Group'

param isPrivate = true
param isZoneRedundant = true

param gpu = 'T4'
param gpuWorkerMaximum = 10
param cpuWorkerMinimum = 1
param cpuWorkerMaximum = 5

param postgresSku = 'Standard_D2ds_v5'
param postgresTier = 'GeneralPurpose'
param postgresStorageGb = 128
param ledgerPoolSize = 20

param retentionDays = 90
param dailyLogGb = 10

param signInClientId = readEnvironmentVariable('HRNET_SIGN_IN_CLIENT_ID', '')
param otlpEndpoint = readEnvironmentVariable('HRNET_OTLP_ENDPOINT', '')

param operators = [
  {
    objectId: readEnvironmentVariable('HRNET_ADMIN_ID', '00000000-0000-0000-0000-000000000000')
    type: 'Group'
  }
]

param tags = {
  purpose: 'production'
}
