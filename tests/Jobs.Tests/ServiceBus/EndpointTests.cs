using Azure.Core;
using HrNetBatch.Jobs.ServiceBus;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

public sealed class EndpointTests
{
    private const string Key = "SharedAccessKeyName=name;SharedAccessKey=secret==";
    private static readonly Lazy<TokenCredential> NoCredential = new(() => throw new InvalidOperationException("A key opens it."));

    [Theory]
    [InlineData($"Endpoint=sb://xyz.servicebus.windows.net/;{Key}", "xyz.servicebus.windows.net:5671")]
    [InlineData($"endpoint=sb://xyz.servicebus.windows.net;{Key};EntityPath=jobs", "xyz.servicebus.windows.net:5671")]
    [InlineData($"Endpoint=sb://localhost:7000;{Key}", "localhost:7000")]
    [InlineData($"Endpoint=sb://127.0.0.1;{Key};UseDevelopmentEmulator=true;", "127.0.0.1:5672")]
    [InlineData($"Endpoint=sb://127.0.0.1:7001;{Key};UseDevelopmentEmulator=true;", "127.0.0.1:7001")]
    public async Task ConnectionString_SaysWhere(string connectionString, string endpoint)
    {
        BusConnection connection = BusConnection.Open(new ServiceBusOptions { ConnectionString = connectionString }, NoCredential);
        await using (connection.Client) Assert.Equal(endpoint, connection.Endpoint);
    }

    [Fact]
    public async Task Namespace_IsOpenedByWhoeverThisProcessIs()
    {
        var credential = new Lazy<TokenCredential>(() => new Ledger.StubTokens(TimeProvider.System));
        BusConnection connection = BusConnection.Open(new ServiceBusOptions { Namespace = "xyz.servicebus.windows.net" }, credential);
        await using (connection.Client) Assert.Equal(("xyz.servicebus.windows.net:5671", true), (connection.Endpoint, credential.IsValueCreated));
    }

    [Theory]
    [InlineData(null, null, "Service Bus is off")]
    [InlineData("Endpoint=sb://host/;SharedAccessKeyName=name", null, "lacks SharedAccessKey")]
    [InlineData("SharedAccessKeyName=name;SharedAccessKey=secret", null, "lacks Endpoint")]
    [InlineData("Endpoint=host;SharedAccessKeyName=name;SharedAccessKey=secret", null, "cannot be read")]
    [InlineData("Endpoint sb://host/ SharedAccessKey secret", null, "cannot be read")]
    [InlineData(null, "https://xyz.servicebus.windows.net", "host name")]
    public void WhatCannotBeUsed_IsNamed_AndKeysAreNotRepeated(string? connectionString, string? name, string expected)
    {
        MessageBusException refused = Assert.Throws<MessageBusException>(
            () => BusConnection.Open(new ServiceBusOptions { ConnectionString = connectionString, Namespace = name }, NoCredential));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.IsTransient);
    }

    [Fact]
    public void CertificateFile_ThatIsNone_IsNamed()
    {
        var options = new ServiceBusOptions { ConnectionString = $"Endpoint=sb://localhost:7000;{Key}", CertificateFile = "/nowhere/certificate.pem" };
        Assert.Contains("/nowhere/certificate.pem", Assert.Throws<MessageBusException>(() => BusConnection.Open(options, NoCredential)).Message, StringComparison.Ordinal);
    }
}
