using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.ServiceBus.AmqpClient;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

public sealed class EndpointTests
{
    private const string Key = "SharedAccessKeyName=name;SharedAccessKey=secret==";

    [Theory]
    [InlineData($"Endpoint=sb://xyz.servicebus.windows.net/;{Key}", "xyz.servicebus.windows.net", 5671, true)]
    [InlineData($"endpoint=sb://xyz.servicebus.windows.net;{Key};EntityPath=jobs", "xyz.servicebus.windows.net", 5671, true)]
    [InlineData($"Endpoint=sb://localhost:7000;{Key}", "localhost", 7000, true)]
    [InlineData($"Endpoint=sb://127.0.0.1;{Key};UseDevelopmentEmulator=true;", "127.0.0.1", 5672, false)]
    [InlineData($"Endpoint=sb://127.0.0.1:7001;{Key};UseDevelopmentEmulator=true;", "127.0.0.1", 7001, false)]
    public void ConnectionString_SaysWhereAndHow(string connectionString, string host, int port, bool tls) =>
        Assert.Equal(new Endpoint(host, port, tls, "name", "secret=="), Endpoint.Of(new ServiceBusOptions { ConnectionString = connectionString }));

    [Fact]
    public void Namespace_IsOpenedWithTls_AndWithoutAKey() => Assert.Equal(
        new Endpoint("xyz.servicebus.windows.net", 5671, true, null, null), Endpoint.Of(new ServiceBusOptions { Namespace = "xyz.servicebus.windows.net" }));

    [Theory]
    [InlineData(null, null, "Service Bus is off")]
    [InlineData("Endpoint=sb://host/;SharedAccessKeyName=name", null, "lacks SharedAccessKey")]
    [InlineData("SharedAccessKeyName=name;SharedAccessKey=secret", null, "lacks Endpoint")]
    [InlineData("Endpoint=host;SharedAccessKeyName=name;SharedAccessKey=secret", null, "\"Endpoint\"")]
    [InlineData("Endpoint=sb://host/;SharedAccessKeyName=name;SharedAccessKey=secret;TransportType=AmqpWebSockets", null, "\"TransportType\"")]
    [InlineData(null, "https://xyz.servicebus.windows.net", "host name")]
    public void WhatCannotBeUsed_IsNamed_AndKeysAreNotRepeated(string? connectionString, string? name, string expected)
    {
        ServiceBusException refused = Assert.Throws<ServiceBusException>(
            () => Endpoint.Of(new ServiceBusOptions { ConnectionString = connectionString, Namespace = name }));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.IsTransient);
    }
}
