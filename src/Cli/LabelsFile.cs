using System.Text;
using HrNetBatch.Model.Labels;

namespace HrNetBatch.Cli;

/// <summary>A text file of this machine with the names of classes, one a line, as <c>--labels</c> takes it.</summary>
internal static class LabelsFile
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The names in their order.</summary>
    /// <exception cref="UserException">It cannot be read, is no text, or its names cannot be those of classes.</exception>
    public static async Task<string[]> ReadAsync(string file, CancellationToken cancellation)
    {
        if (LocalFile.Fault(file) is { } fault)
            throw Refused($"{file} {fault}{(Directory.Exists(file) ? ": name the file with the names" : "")}");
        try
        {
            return Checked([.. (await File.ReadAllLinesAsync(file, Strict, cancellation)).Select(line => line.Trim()).Where(line => line.Length > 0)], file);
        }
        catch (DecoderFallbackException)
        {
            throw Refused($"{file} is not UTF-8: save it as a text in UTF-8, a name on each line");
        }
    }

    /// <summary>The names as they are.</summary>
    /// <exception cref="UserException">They cannot be those of classes.</exception>
    public static string[] Checked(string[] names, string given) => ClassList.FaultOf(names) is { } wrong ? throw Refused($"in {given} {wrong}") : names;

    private static UserException Refused(string what) => new($"--labels: {what}.", UserException.WrongRequest);
}
