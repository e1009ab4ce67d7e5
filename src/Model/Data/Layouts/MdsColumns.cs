using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>The columns of an MDS sample, and which of them are image and label.</summary>
internal sealed class MdsColumns
{
    private static readonly string[] ImageNames = ["image", "img", "jpg", "jpeg", "png", "x"];
    private static readonly string[] LabelNames = ["label", "cls", "class", "target", "y"];
    private static readonly string[] ImageEncodings = ["jpeg", "png", "bytes"];

    private readonly IReadOnlyList<int?> _sizes;
    private readonly int _image, _label;
    private readonly string _labelEncoding;

    private readonly string _labelName;

    private MdsColumns(IReadOnlyList<int?> sizes, int image, int label, string labelName, string labelEncoding) =>
        (_sizes, _image, _label, _labelName, _labelEncoding) = (sizes, image, label, labelName, labelEncoding);

    /// <summary>Finds image and label among the columns.</summary>
    /// <exception cref="ShardException">There is no image, or a column is a Python object, which is executed where it is read.</exception>
    public static MdsColumns Of(IReadOnlyList<string>? names, IReadOnlyList<string>? encodings, IReadOnlyList<int?>? sizes, string index)
    {
        if (names is null || encodings is null || sizes is null || names.Count != encodings.Count || names.Count != sizes.Count
            || names.Contains(null!) || encodings.Contains(null!) || sizes.Any(size => size < 0))
            throw new ShardException($"{index} does not say what columns its samples have.");
        if (encodings.Any(encoding => encoding.StartsWith("pkl", StringComparison.Ordinal)))
            throw new ShardException(
                $"{index}: "
                + $"the column '{names[encodings.ToList().FindIndex(encoding => encoding.StartsWith("pkl", StringComparison.Ordinal))]}' holds pickled Python objects, which run code where they are read, so they are refused. Write the samples with jpeg or bytes, and int.");
        int image = Find(ImageNames, ImageEncodings);
        int label = Find(LabelNames, ["int", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "str_int", "str"]);
        return image >= 0
            ? new MdsColumns(sizes, image, label, label < 0 ? "" : names[label], label < 0 ? "" : encodings[label])
            : throw new ShardException(
                $"{index} has no column with an image: "
                + $"{string.Join(", ", names.Zip(encodings, (name, encoding) => $"{name} ({encoding})"))}. One called image, of the encoding jpeg, png or bytes, is needed.");

        int Find(string[] known, string[] types)
        {
            int[] fitting = [.. Enumerable.Range(0, names.Count).Where(at => types.Contains(encodings[at]))];
            int named = fitting.Where(at => known.Contains(names[at].ToLowerInvariant())).DefaultIfEmpty(-1).First();
            return named >= 0 || types != ImageEncodings ? named : fitting.Where(at => encodings[at] is "jpeg" or "png").DefaultIfEmpty(-1).First();
        }
    }

    /// <summary>Image and label of a sample's bytes.</summary>
    /// <param name="sample">The bytes.</param>
    /// <param name="labelFault">Why it has no label; null: it has one.</param>
    /// <exception cref="FormatException">The sizes in it do not fit.</exception>
    public Dictionary<string, byte[]> Read(ReadOnlySpan<byte> sample, out string? labelFault)
    {
        labelFault = $"its shard has no column with one: it is called {string.Join(", ", LabelNames)}, and encoded as a whole number";
        var members = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        int at = sizeof(uint) * _sizes.Count(size => size is null), variable = 0;
        if (at > sample.Length)
            throw new FormatException($"it has {Counted.Of(sample.Length, "byte")}, too few for the sizes of its columns");
        for (int column = 0; column < _sizes.Count; column++)
        {
            long size = _sizes[column] is { } always ? always : BinaryPrimitives.ReadUInt32LittleEndian(sample[(sizeof(uint) * variable++)..]);
            if (size > sample.Length - at)
                throw new FormatException($"its columns need more than the {Counted.Of(sample.Length, "byte")} that it has");
            ReadOnlySpan<byte> content = sample.Slice(at, (int)size);
            if (column == _image)
                members["jpg"] = content.ToArray();
            else if (column == _label)
                labelFault = Take(members, content);
            at += (int)size;
        }
        return members;
    }

    private string? Take(Dictionary<string, byte[]> members, ReadOnlySpan<byte> content)
    {
        if (Label(content) is not { } label)
            return $"its column {_labelName} holds {LabeledImage.Shown(content)}, and a whole number from 0 on is needed";
        members[LabeledImage.ClassExtension] = LabeledImage.FormatClass(label);
        return label >= 0 ? null : string.Create(CultureInfo.InvariantCulture, $"its column {_labelName} holds {label}, and a whole number from 0 on is needed");
    }

    private long? Label(ReadOnlySpan<byte> content) => _labelEncoding switch
    {
        "int8" => (sbyte)content[0],
        "uint8" => content[0],
        "int16" => BinaryPrimitives.ReadInt16LittleEndian(content),
        "uint16" => BinaryPrimitives.ReadUInt16LittleEndian(content),
        "int32" => BinaryPrimitives.ReadInt32LittleEndian(content),
        "uint32" => BinaryPrimitives.ReadUInt32LittleEndian(content),
        "int" or "int64" => BinaryPrimitives.ReadInt64LittleEndian(content),
        "uint64" => (long)BinaryPrimitives.ReadUInt64LittleEndian(content),
        _ => Utf8Parser.TryParse(content, out long label, out int used) && used == content.Length ? label : null,
    };
}
