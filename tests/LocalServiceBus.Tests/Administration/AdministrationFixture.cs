using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;

namespace HrNetBatch.LocalServiceBus.Tests.Administration;

/// <summary>A broker with a folder, and the official clients of it.</summary>
public sealed class AdministrationFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    public ServiceBusServer Server { get; private set; } = null!;

    public ServiceBusAdministrationClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync() => await StartAsync();

    /// <summary>Stops the broker and starts it again on the same folder.</summary>
    public async Task RestartAsync()
    {
        await Server.DisposeAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Checks that a call fails for a reason of Service Bus, and returns its message.</summary>
    public static async Task<string> FailsAsync(ServiceBusFailureReason reason, Func<Task> call)
    {
        ServiceBusException failed = await Assert.ThrowsAsync<ServiceBusException>(call);
        Assert.Equal(reason, failed.Reason);
        return failed.Message;
    }

    private async Task StartAsync()
    {
        Server = await ServiceBusServer.StartAsync(new ServiceBusOptions
        {
            Entities = new BrokerDefinition { Queues = [new QueueDefinition("declared", new EntityOptions())] },
            Folder = _folder.Path,
            Port = 0,
            TlsPort = 0,
        });
        Client = new ServiceBusAdministrationClient(Server.ConnectionString);
    }
}
