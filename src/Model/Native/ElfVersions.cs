using System.Buffers.Binary;
using System.Text;

namespace HrNetBatch.Model.Native;

/// <summary>Edits the symbol versions that a 64-bit little-endian ELF library demands of others.</summary>
internal static class ElfVersions
{
    private const uint VersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const byte Weak = 2;                  // VER_FLG_WEAK: the loader warns of a missing version instead of failing

    /// <summary>Marks each demand for <paramref name="version"/> as weak, in place.</summary>
    /// <returns><paramref name="library"/>.</returns>
    internal static byte[] MakeWeak(byte[] library, string version)
    {
        // The layout is that of the System V ABI (Elf64_Ehdr, Elf64_Shdr) and of LSB's symbol versioning (Elfxx_Verneed, Elfxx_Vernaux).
        long sections = I64(0x28);
        int sectionBytes = U16(0x3A), sectionCount = U16(0x3C);
        long Section(long index) => sections + index * sectionBytes;

        for (int index = 0; index < sectionCount; index++)
        {
            long section = Section(index);
            if (U32(section + 4) != VersionNeeds)
                continue;
            long strings = I64(Section(U32(section + 0x28)) + 0x18);
            uint fileStep;
            for (long file = I64(section + 0x18); ; file += fileStep)
            {
                long need = file + U32(file + 8);
                for (int i = U16(file + 2); i > 0; i--, need += U32(need + 12))
                {
                    if (NameAt(strings + U32(need + 8)) == version)
                        library[need + 4] |= Weak;
                }
                fileStep = U32(file + 12);
                if (fileStep == 0)
                    break;
            }
        }
        return library;

        ushort U16(long offset) => BinaryPrimitives.ReadUInt16LittleEndian(library.AsSpan((int)offset));
        uint U32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(library.AsSpan((int)offset));
        long I64(long offset) => BinaryPrimitives.ReadInt64LittleEndian(library.AsSpan((int)offset));
        string NameAt(long offset)
        {
            ReadOnlySpan<byte> rest = library.AsSpan((int)offset);
            return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
        }
    }
}
