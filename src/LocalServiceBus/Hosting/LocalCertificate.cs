using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HrNetBatch.LocalServiceBus.Hosting;

/// <summary>A self-signed certificate for this machine's own names.</summary>
internal static class LocalCertificate
{
    private const int ValidYears = 10;

    /// <summary>Opens the certificate of a folder, or makes it; without a folder a new one each time. The caller disposes it.</summary>
    public static X509Certificate2 Open(string? folder, TimeProvider time)
    {
        string? file = folder is null ? null : Path.Combine(folder, "certificate.pfx");
        if (file is not null && File.Exists(file)) return X509CertificateLoader.LoadPkcs12FromFile(file, null);
        using X509Certificate2 made = Make(time.GetUtcNow());
        byte[] pfx = made.Export(X509ContentType.Pfx);
        if (file is not null)
        {
            WritePrivate(file, pfx);
            File.WriteAllText(Path.Combine(folder!, "certificate.pem"), made.ExportCertificatePem());   // what clients are told to trust
        }
        // With a key that lives in memory only while the object does; a freshly made one cannot serve TLS on every system.
        return X509CertificateLoader.LoadPkcs12(pfx, null);
    }

    private static X509Certificate2 Make(DateTimeOffset now)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));   // a server's
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(ValidYears));
    }

    private static void WritePrivate(string file, byte[] content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(file, options);
        stream.Write(content);
    }
}
