namespace HrNetBatch.Kinds.Classify.Parts;

/// <summary>How the output's parts are written; docs/classify.md lists the columns of each.</summary>
public enum PartFormat
{
    /// <summary>Apache Parquet, Snappy-compressed.</summary>
    Parquet,

    /// <summary>One JSON object a line.</summary>
    JsonLines,

    /// <summary>Comma-separated values with a header (RFC 4180).</summary>
    Csv,
}

/// <summary>The names of the formats in job arguments, which are also the parts' extensions.</summary>
public static class PartFormats
{
    /// <summary>The format of that name: parquet, jsonl or csv.</summary>
    public static PartFormat Parse(string name) => name switch
    {
        "parquet" => PartFormat.Parquet,
        "jsonl" => PartFormat.JsonLines,
        "csv" => PartFormat.Csv,
        _ => throw new ArgumentException($"'{name}' is not one of parquet, jsonl, csv.", nameof(name)),
    };

    /// <summary>The extension of a part's name, with its dot.</summary>
    public static string Extension(this PartFormat format) => format switch
    {
        PartFormat.Parquet => ".parquet",
        PartFormat.JsonLines => ".jsonl",
        PartFormat.Csv => ".csv",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };
}
