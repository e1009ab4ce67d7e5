metadata name = 'HrNetBatch'
metadata description = 'Workers, dashboard and everything they need, in one resource group. Built, linted and snapshotted by tests; never deployed by its authors.'

targetScope = 'resourceGroup'

import { operatorReference } from 'modules/role-assignments.bicep'

@description('Name of the environment; names of resources are made of it.')
@minLength(2)
@maxLength(20)
param environmentName string

@description('Azure region of everything.')
param location string = resourceGroup().location

@description('Tags of every resource, beside those that say what it belongs to.')
param tags object = {}

@description('Tag of the images, such as 1.2.0; empty: no containers yet. The first deployment makes the registry, the second, after the push, the containers.')
param imageVersion string = ''

@description('GPU of the GPU worker; None: there is no such worker.')
@allowed(['None', 'T4', 'A100'])
param gpu string = 'None'

@description('Kinds of jobs for the GPU worker; the CPU worker takes the others, or all where there is no GPU.')
param gpuKinds ('train' | 'validate' | 'classify' | 'export')[] = ['train', 'validate', 'classify']

@description('Processor cores of a CPU worker; it has twice as many GiB of memory.')
@allowed([1, 2, 4])
param cpuWorkerCores int = 4

@description('Fewest CPU workers. 1 spares the first job the minute or two in which a worker starts.')
@minValue(0)
@maxValue(100)
param cpuWorkerMinimum int = 0

@description('Most CPU workers.')
@minValue(1)
@maxValue(300)
param cpuWorkerMaximum int = 2

@description('Fewest GPU workers.')
@minValue(0)
@maxValue(100)
param gpuWorkerMinimum int = 0

@description('Most GPU workers; the subscription\'s quota has to allow them.')
@minValue(1)
@maxValue(300)
param gpuWorkerMaximum int = 1

@description('Name of the Entra user, group or application that administers PostgreSQL.')
param administratorName string

@description('Object id of that administrator.')
param administratorObjectId string

@description('What that administrator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param administratorType string = 'User'

@description('IPv4 addresses that PostgreSQL\'s firewall lets in while it is public, beside Azure\'s own: where the administrator works. Empty ones count as none.')
param administratorAddresses string[] = []

@description('Size of PostgreSQL.')
param postgresSku string = 'Standard_B1ms'

@description('Tier of PostgreSQL; it has to fit the size.')
@allowed(['Burstable', 'GeneralPurpose', 'MemoryOptimized'])
param postgresTier string = 'Burstable'

@description('Gigabytes of PostgreSQL\'s disk; grows by itself.')
@minValue(32)
param postgresStorageGb int = 32

@description('Connections to PostgreSQL that each process keeps at most; a B1ms has 35 for all.')
@minValue(4)
@maxValue(100)
param ledgerPoolSize int = 8

@description('Whether everything lies in a virtual network of its own and nothing is reached from the internet. Takes the dearer tiers of Service Bus and registry.')
param isPrivate bool = false

@description('Addresses of that network, a /16.')
param addressSpace string = '10.40.0.0/16'

@description('Whether everything survives the loss of a zone. Takes another tier of PostgreSQL than Burstable.')
param isZoneRedundant bool = false

@description('Days that logs are kept; the first 30 cost nothing.')
@minValue(30)
@maxValue(730)
param retentionDays int = 30

@description('Gigabytes of logs a day after which no more are taken in; -1: no limit.')
param dailyLogGb int = 1

@description('Application (client) id of the app registration that people sign in to the dashboard with; empty: no sign-in, and the dashboard is reached only from within the network.')
param signInClientId string = ''

@description('Object ids of the users who may sign in; empty: whoever the app registration lets in.')
param signInObjectIds string[] = []

@description('OTLP endpoint that the containers\' telemetry goes to; empty: none is sent.')
param otlpEndpoint string = ''

@description('Who may send job messages, look after dead letters, and read and write blobs.')
param operators operatorReference[] = []

// Names. Those of services with a public name have to be unique in the world: 13 characters of the resource group's and environment's own.
var name = toLower(environmentName)
var unique = uniqueString(resourceGroup().id, name)
var registryName = 'hrnet${unique}'
var storageName = 'hrnet${unique}'
var serviceBusName = 'hrnet-${unique}'
var postgresName = 'hrnet-${unique}'
var dashboardName = '${name}-dashboard'

var allTags = union(tags, {
  application: 'hrnet-batch'
  environment: name
  'azd-env-name': name
})

var queueName = 'hrnet-jobs'
var topicName = 'hrnet-events'
var databaseName = 'hrnet'

var hasApps = !empty(imageVersion)
var hasGpu = gpu != 'None'
var hasSignIn = !empty(signInClientId)
var allKinds = ['train', 'validate', 'classify', 'export']
var kindsOfGpu = hasGpu ? gpuKinds : []
var kindsOfCpu = filter(allKinds, kind => !contains(kindsOfGpu, kind))
var gpuReplicas = {
  None: { cores: 0, memoryGib: 0 }
  T4: { cores: 8, memoryGib: 56 }
  A100: { cores: 24, memoryGib: 220 }
}

// In a private environment "external" means: from the virtual network. Without a sign-in nothing else may reach the dashboard.
var isDashboardReachable = isPrivate || hasSignIn
var dashboardHost = '${dashboardName}${isDashboardReachable ? '' : '.internal'}.${environment.outputs.domain}'

// Worker and dashboard work in the database as one role, so that what either makes is the other's too.
var ledgerOfWorker = 'Host=${postgresName}.postgres.database.azure.com;Port=5432;Database=${databaseName};Username=${name}-worker;SSL Mode=VerifyFull;Maximum Pool Size=${ledgerPoolSize};Options=-c role=hrnet_owner'
var ledgerOfDashboard = replace(ledgerOfWorker, 'Username=${name}-worker', 'Username=${name}-dashboard')

module identities 'modules/identities.bicep' = {
  name: 'identities'
  params: {
    environmentName: name
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: '${name}-logs'
    location: location
    tags: allTags
    retentionDays: retentionDays
    dailyLogGb: dailyLogGb
  }
}

module network 'modules/network.bicep' = if (isPrivate) {
  name: 'network'
  params: {
    name: '${name}-network'
    location: location
    tags: allTags
    addressSpace: addressSpace
  }
}

module serviceBus 'modules/service-bus.bicep' = {
  name: 'service-bus'
  params: {
    name: serviceBusName
    location: location
    tags: allTags
    isPrivate: isPrivate
    queueName: queueName
    topicName: topicName
    workspaceId: monitoring.outputs.workspaceId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: storageName
    location: location
    tags: allTags
    isPrivate: isPrivate
    isZoneRedundant: isZoneRedundant
    containerNames: ['data', 'models', 'runs', 'results']
    workspaceId: monitoring.outputs.workspaceId
  }
}

module postgres 'modules/postgres.bicep' = {
  name: 'postgres'
  params: {
    name: postgresName
    location: location
    tags: allTags
    sku: postgresSku
    tier: postgresTier
    storageGb: postgresStorageGb
    isPrivate: isPrivate
    isZoneRedundant: isZoneRedundant
    administratorName: administratorName
    administratorObjectId: administratorObjectId
    administratorType: administratorType
    administratorAddresses: filter(administratorAddresses, address => !empty(address))
    workspaceId: monitoring.outputs.workspaceId
  }
}

module registry 'modules/registry.bicep' = {
  name: 'registry'
  params: {
    name: registryName
    location: location
    tags: allTags
    isPrivate: isPrivate
    isZoneRedundant: isZoneRedundant
    workspaceId: monitoring.outputs.workspaceId
  }
}

module roleAssignments 'modules/role-assignments.bicep' = {
  name: 'role-assignments'
  params: {
    registryName: registryName
    serviceBusName: serviceBusName
    queueName: queueName
    topicName: topicName
    storageName: storageName
    worker: identities.outputs.worker
    dashboard: identities.outputs.dashboard
    platform: identities.outputs.platform
    operators: operators
  }
  dependsOn: [registry, serviceBus, storage]
}

module serviceBusEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  name: 'service-bus-endpoint'
  params: {
    name: '${name}-service-bus'
    location: location
    tags: allTags
    resourceId: serviceBus.outputs.id
    groupId: 'namespace'
    zoneName: 'privatelink.servicebus.windows.net'
    networkId: network.?outputs.id ?? ''
    subnetId: network.?outputs.endpointsSubnetId ?? ''
  }
}

module storageEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  name: 'storage-endpoint'
  params: {
    name: '${name}-storage'
    location: location
    tags: allTags
    resourceId: storage.outputs.id
    groupId: 'blob'
    zoneName: 'privatelink.blob.${az.environment().suffixes.storage}'
    networkId: network.?outputs.id ?? ''
    subnetId: network.?outputs.endpointsSubnetId ?? ''
  }
}

module postgresEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  name: 'postgres-endpoint'
  params: {
    name: '${name}-postgres'
    location: location
    tags: allTags
    resourceId: postgres.outputs.id
    groupId: 'postgresqlServer'
    zoneName: 'privatelink.postgres.database.azure.com'
    networkId: network.?outputs.id ?? ''
    subnetId: network.?outputs.endpointsSubnetId ?? ''
  }
}

module registryEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  name: 'registry-endpoint'
  params: {
    name: '${name}-registry'
    location: location
    tags: allTags
    resourceId: registry.outputs.id
    groupId: 'registry'
    zoneName: 'privatelink${az.environment().suffixes.acrLoginServer}'
    networkId: network.?outputs.id ?? ''
    subnetId: network.?outputs.endpointsSubnetId ?? ''
  }
}

module environment 'modules/environment.bicep' = {
  name: 'environment'
  params: {
    name: '${name}-apps'
    location: location
    tags: allTags
    gpu: gpu
    subnetId: network.?outputs.appsSubnetId ?? ''
    networkId: network.?outputs.id ?? ''
    isZoneRedundant: isZoneRedundant
    workspaceId: monitoring.outputs.workspaceId
  }
}

module dashboard 'modules/dashboard.bicep' = if (hasApps) {
  name: 'dashboard'
  params: {
    name: dashboardName
    location: location
    tags: allTags
    environmentId: environment.outputs.id
    registryServer: registry.outputs.server
    image: '${registry.outputs.server}/hrnet-dashboard:${imageVersion}'
    isReachable: isDashboardReachable
    host: dashboardHost
    signInClientId: signInClientId
    signInObjectIds: signInObjectIds
    openPaths: map(
      filter([kindsOfCpu, kindsOfGpu], kinds => !empty(kinds)),
      kinds => '/api/backlog/${join(kinds, ',')}'
    )
    ledger: ledgerOfDashboard
    blobEndpoint: storage.outputs.blobEndpoint
    otlpEndpoint: otlpEndpoint
    identity: identities.outputs.dashboard
    platform: identities.outputs.platform
  }
  dependsOn: [roleAssignments, postgresEndpoint, storageEndpoint, registryEndpoint]
}

module cpuWorker 'modules/worker.bicep' = if (hasApps) {
  name: 'worker-cpu'
  params: {
    name: '${name}-worker-cpu'
    location: location
    tags: allTags
    environmentId: environment.outputs.id
    workloadProfile: 'Consumption'
    registryServer: registry.outputs.server
    image: '${registry.outputs.server}/hrnet-worker:${imageVersion}'
    cores: cpuWorkerCores
    memoryGib: 2 * cpuWorkerCores
    minimum: cpuWorkerMinimum
    maximum: max(cpuWorkerMinimum, cpuWorkerMaximum)
    device: 'cpu'
    kinds: kindsOfCpu
    otherKinds: kindsOfGpu
    takesMessages: true
    serviceBusName: serviceBusName
    queueName: queueName
    topicName: topicName
    ledger: ledgerOfWorker
    blobEndpoint: storage.outputs.blobEndpoint
    dashboardHost: dashboardHost
    otlpEndpoint: otlpEndpoint
    identity: identities.outputs.worker
    platform: identities.outputs.platform
  }
  dependsOn: [roleAssignments, serviceBusEndpoint, postgresEndpoint, storageEndpoint, registryEndpoint]
}

module gpuWorker 'modules/worker.bicep' = if (hasApps && hasGpu) {
  name: 'worker-gpu'
  params: {
    name: '${name}-worker-gpu'
    location: location
    tags: allTags
    environmentId: environment.outputs.id
    workloadProfile: 'gpu'
    registryServer: registry.outputs.server
    image: '${registry.outputs.server}/hrnet-worker:${imageVersion}-cuda'
    cores: gpuReplicas[gpu].cores
    memoryGib: gpuReplicas[gpu].memoryGib
    minimum: gpuWorkerMinimum
    maximum: max(gpuWorkerMinimum, gpuWorkerMaximum)
    device: 'cuda:0'
    kinds: kindsOfGpu
    otherKinds: kindsOfCpu
    // The CPU worker does: a message alone should not start a GPU.
    takesMessages: false
    serviceBusName: serviceBusName
    queueName: queueName
    topicName: topicName
    ledger: ledgerOfWorker
    blobEndpoint: storage.outputs.blobEndpoint
    dashboardHost: dashboardHost
    otlpEndpoint: otlpEndpoint
    identity: identities.outputs.worker
    platform: identities.outputs.platform
  }
  dependsOn: [roleAssignments, serviceBusEndpoint, postgresEndpoint, storageEndpoint, registryEndpoint]
}

@description('Host of the registry that images are pushed to.')
output registryServer string = registry.outputs.server

@description('The same, as azd calls it.')
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.server

@description('Address of the dashboard.')
output dashboardUrl string = hasApps ? 'https://${dashboardHost}' : ''

@description('Host of the Service Bus namespace.')
output serviceBusHost string = serviceBus.outputs.host

@description('Blob endpoint of the storage account; jobs call the account main.')
output blobEndpoint string = storage.outputs.blobEndpoint

@description('Host of PostgreSQL.')
output postgresHost string = postgres.outputs.host

@description('Name of the ledger\'s database.')
output postgresDatabase string = databaseName

@description('Who the workers run as; also the name of the role in PostgreSQL.')
output workerIdentityName string = identities.outputs.worker.name

@description('Client id of the workers\' identity.')
output workerIdentityClientId string = identities.outputs.worker.clientId

@description('Who the dashboard runs as; also the name of the role in PostgreSQL.')
output dashboardIdentityName string = identities.outputs.dashboard.name

@description('Client id of the dashboard\'s identity.')
output dashboardIdentityClientId string = identities.outputs.dashboard.clientId

@description('Who pulls images and reads the length of the queue.')
output platformIdentityName string = identities.outputs.platform.name

@description('Client id of that identity; KEDA on AKS uses it.')
output platformIdentityClientId string = identities.outputs.platform.clientId
