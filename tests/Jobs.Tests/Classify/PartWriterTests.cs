using System.Text;
using System.Text.Json;
using HrNetBatch.Kinds.Classify.Parts;
using Parquet;
using Parquet.Serialization;

namespace HrNetBatch.Jobs.Tests.Classify;

public class PartWriterTests
{
    private static readonly ClassifiedRow[] Rows =
    [
        new("cats/1, \"big\".jpg", "\"0x1\"", [new(3, "cat, tabby", 0.75f), new(1, "dog", 0.125f)]),
        new("cats/ü\n2.jpg", "\"0x2\"", [new(0, null, 1f / 3), new(2, null, 0.1f)]),
        new("cats/3.jpg", "\"0x3\"", [], "not an image"),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Parquet_ReadsBack_WithListsOfTheTopKAndNullsForAFailedItem()
    {
        var part = await PartWriter.WriteAsync(PartFormat.Parquet, Rows, 2, Cancellation);

        var rows = (await ParquetSerializer.DeserializeAsync<ParquetPart.Row>(part.Stream, cancellationToken: Cancellation)).Data;

        Assert.Equal(Rows.Select(r => r.Name), rows.Select(r => r.Name));
        Assert.Equal(["\"0x1\"", "\"0x2\"", "\"0x3\""], rows.Select(r => r.ETag));
        Assert.Equal([3, 0, null], rows.Select(r => r.Index));
        Assert.Equal(["cat, tabby", null, null], rows.Select(r => r.Label));
        Assert.Equal([0.75f, 1f / 3, null], rows.Select(r => r.Probability));
        Assert.Equal([3, 1], rows[0].Indices!);
        Assert.Equal(["cat, tabby", "dog"], rows[0].Labels!);
        Assert.Null(rows[1].Labels);
        Assert.Equal([1f / 3, 0.1f], rows[1].Probabilities!);
        Assert.Equal([null, null, "not an image"], rows.Select(r => r.Error));
    }

    [Fact]
    public async Task Parquet_HasTheDocumentedColumns_WhateverTheRows()
    {
        foreach (var rows in new[] { Rows, Rows[2..], [] })
        {
            var part = await PartWriter.WriteAsync(PartFormat.Parquet, rows, 2, Cancellation);
            await using var reader = await ParquetReader.CreateAsync(part.Stream, cancellationToken: Cancellation);
            Assert.Equal(
                ["name", "etag", "index", "label", "probability", "indices", "labels", "probabilities", "error"],
                reader.Schema.Fields.Select(f => f.Name));
        }
    }

    [Fact]
    public async Task JsonLines_HaveEveryFieldInEveryLine()
    {
        var part = await PartWriter.WriteAsync(PartFormat.JsonLines, Rows, 2, Cancellation);

        var lines = Encoding.UTF8.GetString(part.Stream.ToArray()).TrimEnd('\n').Split('\n');

        Assert.Equal(
            """{"name":"cats/1, \"big\".jpg","etag":"\"0x1\"","predictions":[{"index":3,"label":"cat, tabby","probability":0.75},{"index":1,"label":"dog","probability":0.125}],"error":null}""",
            lines[0]);
        Assert.Equal("""{"name":"cats/3.jpg","etag":"\"0x3\"","predictions":[],"error":"not an image"}""", lines[2]);
        Assert.Equal(Rows.Select(r => r.Name), lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Csv_QuotesWhatMustBeQuoted_AndKeepsItsColumns()
    {
        var part = await PartWriter.WriteAsync(PartFormat.Csv, Rows, 2, Cancellation);

        Assert.Equal(
            "name,etag,index_1,label_1,probability_1,index_2,label_2,probability_2,error\r\n"
            + "\"cats/1, \"\"big\"\".jpg\",\"\"\"0x1\"\"\",3,\"cat, tabby\",0.75,1,dog,0.125,\r\n"
            + "\"cats/ü\n2.jpg\",\"\"\"0x2\"\"\",0,,0.33333334,2,,0.1,\r\n"
            + "cats/3.jpg,\"\"\"0x3\"\"\",,,,,,,not an image\r\n",
            Encoding.UTF8.GetString(part.Stream.ToArray()));
    }

    [Theory]
    [InlineData(PartFormat.Parquet)]
    [InlineData(PartFormat.JsonLines)]
    [InlineData(PartFormat.Csv)]
    public async Task Write_GivesTheSameBytes_ForTheSameRows(PartFormat format)
    {
        var first = await PartWriter.WriteAsync(format, Rows, 2, Cancellation);
        var second = await PartWriter.WriteAsync(format, Rows, 2, Cancellation);

        Assert.Equal(first.Sha256, second.Sha256);
        Assert.Equal(first.Stream.Length, first.Bytes);
        Assert.Equal(3, first.RowCount);
    }
}
