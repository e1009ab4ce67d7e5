using System.Security.Cryptography;
using System.Text;
using HrNetBatch.LocalServiceBus.Protocol.Security;

namespace HrNetBatch.LocalServiceBus.Tests.Protocol;

public sealed class SharedAccessKeyTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SharedAccessKey _key = new("name", "secret");

    [Fact]
    public void ATokenOfTheKey_OpensItsResource_UntilItsEnd()
    {
        Assert.Null(_key.Check(Token("sb://localhost/jobs", "name", "secret", Now.AddMinutes(5)), Now, out string resource, out DateTimeOffset end));
        Assert.Equal(("jobs", Now.AddMinutes(5)), (resource, end));
    }

    [Theory]
    [InlineData("name", "wrong", 5, "InvalidSignature")]
    [InlineData("other", "secret", 5, "InvalidSignature")]
    [InlineData("name", "secret", 0, "ExpiredToken")]
    public void AnyOtherToken_IsRefused(string name, string key, int minutes, string fault) =>
        Assert.StartsWith(fault, _key.Check(Token("sb://localhost/jobs", name, key, Now.AddMinutes(minutes)), Now, out _, out _), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("Bearer abc")]
    [InlineData("SharedAccessSignature ")]
    [InlineData("SharedAccessSignature sr=a&sig=b&se=never&skn=name")]
    [InlineData("SharedAccessSignature sr=a&sig=b&se=99999999999999999&skn=name")]
    public void WhatIsNoToken_IsRefused(string token) =>
        Assert.StartsWith("MalformedToken", _key.Check(token, Now, out _, out _), StringComparison.Ordinal);

    [Theory]
    [InlineData("sb://localhost", "jobs", true)]
    [InlineData("sb://localhost:5672/jobs", "jobs/$management", true)]
    [InlineData("sb://localhost/JOBS/", "jobs", true)]
    [InlineData("jobs", "jobs2", false)]
    [InlineData("jobs/$management", "jobs", false)]
    public void AResource_CoversWhatLiesBelowIt(string resource, string address, bool covers) =>
        Assert.Equal(covers, Addresses.Covers(Addresses.Path(resource), address));

    private static string Token(string resource, string name, string key, DateTimeOffset end)
    {
        string sr = Uri.EscapeDataString(resource);
        string se = end.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        string sig = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{sr}\n{se}")));
        return $"SharedAccessSignature sr={sr}&sig={Uri.EscapeDataString(sig)}&se={se}&skn={name}";
    }
}
