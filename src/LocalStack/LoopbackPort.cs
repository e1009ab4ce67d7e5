using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HrNetBatch.LocalStack;

/// <summary>Free ports on the loopback interface that a service keeps from one start to the next.</summary>
public static class LoopbackPort
{
    /// <summary>
    /// The port recorded in <paramref name="portFile"/> if it is still free, else another free one, which is then recorded.
    /// Clients that outlive a crashed service find it again at the address they know.
    /// </summary>
    public static int Keep(string portFile)
    {
        if (File.Exists(portFile)
            && ushort.TryParse(File.ReadAllText(portFile), NumberStyles.None, CultureInfo.InvariantCulture, out ushort recorded)
            && recorded > 0 && TryBind(recorded) is not null)
            return recorded;
        int port = TryBind(0)!.Value;
        PrivateFile.Write(portFile, Encoding.ASCII.GetBytes(port.ToString(CultureInfo.InvariantCulture)));
        return port;
    }

    private static int? TryBind(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
