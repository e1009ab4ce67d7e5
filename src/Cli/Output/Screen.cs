using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Terminal;
using Spectre.Console;

namespace HrNetBatch.Cli.Output;

/// <summary>Where text goes: results to standard output, everything said meanwhile to standard error.</summary>
internal static class Screen
{
    private static readonly JsonSerializerOptions Indented = new(JobJson.Options) { WriteIndented = true };

    /// <summary>Results for people.</summary>
    public static IAnsiConsole Out { get; } = Open(Console.Out, Console.IsOutputRedirected);

    /// <summary>Progress and remarks for people.</summary>
    public static IAnsiConsole Aside { get; } = Open(Console.Error, Console.IsErrorRedirected);

    /// <summary>Whether somebody watches the asides, so that a line may be redrawn.</summary>
    public static bool IsLive => !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");

    /// <summary>One line of a result.</summary>
    public static void WriteLine(string text) => Out.WriteLine(Printable.Line(text));

    /// <summary>A document as it is, for files and other programs.</summary>
    public static void WriteDocument(string text) => Console.Out.WriteLine(text);

    /// <summary>One JSON document.</summary>
    public static void WriteJson(object document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Indented));

    /// <summary>One JSON document on one line, for streams of them.</summary>
    public static void WriteJsonLine(object document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, JobJson.Options));

    /// <summary>A remark.</summary>
    public static void Say(string text) => Aside.Write(Line(text, Color.Grey));

    /// <summary>A line of progress, where nothing can be redrawn.</summary>
    public static void SayPlain(string text) => Aside.WriteLine(text);

    /// <summary>What went wrong, and what to do.</summary>
    public static void Error(string text)
    {
        Aside.Write(new Text("Error: ", Color.Red));
        Aside.WriteLine(text);
    }

    /// <summary>A warning that changes no exit code.</summary>
    public static void Warn(string text) => Aside.Write(Line(text, Color.Yellow));

    /// <summary>A cell of a table that shows text as it is: in markup, <c>:Ledger:</c> would become a picture.</summary>
    public static Text Cell(string text) => new(Printable.Line(text));

    internal static IAnsiConsole Open(TextWriter writer, bool isRedirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new UnwrappedOutput(writer, isRedirected) });
        console.Pipeline.Attach(new PrintableText());
        return console;
    }

    private static Text Line(string text, Color color) => new(text + "\n", color);
}
