namespace HrNetBatch.LocalServiceBus.Protocol.Security;

/// <summary>Addresses come as <c>queue</c>, <c>/queue</c> or <c>sb://host:port/queue?x=y</c>; the host and the query say nothing here.</summary>
internal static class Addresses
{
    /// <summary>The path of an address, without slashes at its ends.</summary>
    public static string Path(string address)
    {
        address = address.Split('?')[0];   // tokens of the JavaScript administration client carry the whole address of the request
        int scheme = address.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0) return address.Trim('/');
        int path = address.IndexOf('/', scheme + 3);
        return path < 0 ? "" : address[path..].Trim('/');
    }

    /// <summary>Whether a resource is an address or a part of the way to it; the empty one is on the way to all.</summary>
    public static bool Covers(string resource, string address) => resource.Length == 0
        || (address.StartsWith(resource, StringComparison.OrdinalIgnoreCase) && (address.Length == resource.Length || address[resource.Length] == '/'));
}
