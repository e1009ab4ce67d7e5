// Two rooms that hold each other, for RoomTests.
namespace HrNetBatch.Jobs.Tests.FirstRoom
{
    internal sealed class Host
    {
        public List<SecondRoom.Guest[]> Guests { get; } = [];
    }
}

namespace HrNetBatch.Jobs.Tests.SecondRoom
{
    internal sealed class Guest
    {
        public static string Name() => new FirstRoom.Host().ToString()!;
    }
}
