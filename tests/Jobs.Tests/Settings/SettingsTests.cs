using HrNetBatch.Jobs.Settings;
using HrNetBatch.Kinds;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Tests.Settings;

public sealed class SettingsTests
{
    private const string Ledger = "HrNetBatch:Ledger:ConnectionString=Host=127.0.0.1";

    [Theory]
    [InlineData("HrNetBatch:Ledger:ConnectionString=", "HrNetBatch:Ledger:ConnectionString is not set; `hrnet up` starts a PostgreSQL and writes it into its stack.json.")]
    [InlineData("HrNetBatch:Ledger:LeaseDuration=5.00:00:00", "HrNetBatch:Ledger:LeaseDuration is 5.00:00:00: a value from 00:00:01 to 00:10:00 is needed.")]
    [InlineData("HrNetBatch:Ledger:LeaseDuration=soon", "HrNetBatch:Ledger:LeaseDuration is 'soon': a duration such as 00:00:05 is needed.")]
    [InlineData("HrNetBatch:Ledger:Authentication=Kerberos", "HrNetBatch:Ledger:Authentication is 'Kerberos': one of Password, Entra is needed.")]
    [InlineData("HrNetBatch:Retry:FailureLimit=0", "HrNetBatch:Retry:FailureLimit is 0: a value from 1 to 1000 is needed.")]
    [InlineData("HrNetBatch:Retry:FailureLimit=five", "HrNetBatch:Retry:FailureLimit is 'five': a whole number is needed.")]
    [InlineData("HrNetBatch:ServiceBus:Queue=", "HrNetBatch:ServiceBus:Queue is empty: name the queue of job messages.")]
    [InlineData("HrNetBatch:Blobs:Accounts:local:ServiceUri=", "HrNetBatch:Blobs:Accounts:local needs either ConnectionString or ServiceUri, and not both.")]
    [InlineData("HrNetBatch:Blobs:Accounts:local:ServiceUri=nonsense", "HrNetBatch:Blobs:Accounts:local:ServiceUri is 'nonsense': an address such as https://ACCOUNT.blob.core.windows.net is needed.")]
    [InlineData("HrNetBatch:Models:Root=models", "HrNetBatch:Models:Root: 'models' is not a blob path; write it as blob://ACCOUNT-ALIAS/container/name, for example blob://local/images/cats/.")]
    [InlineData("HrNetBatch:Blobs:Reading:RangesAtOnce=65", "HrNetBatch:Blobs:Reading:RangesAtOnce is 65: a value from 1 to 64 is needed.")]
    [InlineData("HrNetBatch:Ledger:Authentication=7", "HrNetBatch:Ledger:Authentication is 7: one of Password, Entra is needed.")]
    [InlineData("HrNetBatch:Ledger:LeaseRenewal=00:00:20", "HrNetBatch:Ledger:LeaseRenewal is 00:00:20: less than HrNetBatch:Ledger:LeaseDuration (00:00:20) is needed, or every lease ends before it is renewed.")]
    [InlineData("HrNetBatch:Blobs:Accounts=local", "HrNetBatch:Blobs:Accounts is 'local': its values are settings of their own, HrNetBatch:Blobs:Accounts:NAME.")]
    [InlineData("HrNetBatch:Blobs:Reading:RangeBytes=-1", "HrNetBatch:Blobs:Reading:RangeBytes is -1: a value from 65536 to 268435456 is needed.")]
    public void AWrongSetting_IsOneSentenceThatBeginsWithItsName(string setting, string sentence) => Assert.Equal([sentence], Faults(Ledger, setting));

    [Fact]
    public void WrongSettingsOfSeveralSections_AreAllTold() => Assert.Equal(
        ["HrNetBatch:Ledger:LeaseDuration is 'soon': a duration such as 00:00:05 is needed.", "HrNetBatch:Retry:FailureLimit is 0: a value from 1 to 1000 is needed."],
        Faults(Ledger, "HrNetBatch:Retry:FailureLimit=0", "HrNetBatch:Ledger:LeaseDuration=soon").Order(StringComparer.Ordinal));

    [Fact]
    public void GoodSettings_Pass() => Assert.Empty(Faults(Ledger, "HrNetBatch:Retry:FailureLimit=7"));

    private static IReadOnlyList<string> Faults(params string[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2)).GroupBy(pair => pair[0]).Select(pairs => KeyValuePair.Create(pairs.Key, (string?)pairs.Last()[1])))
            .Build();
        using ServiceProvider services = new ServiceCollection().AddLogging().AddHrNetJobs(configuration).BuildServiceProvider();
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
            return [];
        }
        catch (Exception error) when (SettingsFaults.TryFind(error, out IReadOnlyList<string>? faults))
        {
            return faults;
        }
    }
}
