using HrNetBatch.Jobs.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Tests.Blobs;

public class BlobAccountsTests
{
    private static BlobAccounts Accounts(params (string Key, string Value)[] settings) =>
        new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder()
                .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create($"HrNetBatch:Blobs:Accounts:{s.Key}", (string?)s.Value))).Build())
            .AddBlobs().BuildServiceProvider().GetRequiredService<BlobAccounts>();

    [Fact]
    public void Blob_IsThatOfTheConfiguredAccount_WhateverTheCaseOfItsAlias()
    {
        var accounts = Accounts(("PROD:ServiceUri", "https://prod.blob.core.windows.net"), ("local:ConnectionString", "UseDevelopmentStorage=true"));

        Assert.Equal(new("https://prod.blob.core.windows.net/images/cats/1.jpg"), accounts.Blob(BlobPath.Parse("blob://prod/images/cats/1.jpg")).Uri);
        Assert.Equal(10000, accounts.Service("local").Uri.Port);
    }

    [Fact]
    public void AnUnknownAlias_NamesTheKnownOnes_AndTheSettingToAdd()
    {
        var error = Assert.Throws<BlobException>(() => Accounts(("prod:ServiceUri", "https://p.blob.core.windows.net"), ("dev:ConnectionString", "x")).Service("pord"));

        Assert.Contains("'pord'", error.Message, StringComparison.Ordinal);
        Assert.Contains("dev, prod", error.Message, StringComparison.Ordinal);
        Assert.Contains("HrNetBatch__Blobs__Accounts__pord__ServiceUri", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
    }

    [Fact]
    public void ABrokenConnectionString_IsNotRepeatedInTheMessage()
    {
        var error = Assert.Throws<BlobException>(() => Accounts(("dev:ConnectionString", "AccountKey=secret")).Service("dev"));

        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("HrNetBatch:Blobs:Accounts:dev:ConnectionString", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x:Typo", "y")]
    [InlineData("x:ConnectionString", "")]
    public void AnAccountWithoutAWayToReachIt_IsRefused(string key, string value) =>
        Assert.Contains("either ConnectionString or ServiceUri", Assert.Throws<OptionsValidationException>(() => Accounts((key, value))).Message, StringComparison.Ordinal);
}
