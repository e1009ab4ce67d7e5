namespace HrNetBatch.Cli.Output;

/// <summary>Says at once, in order, what is reported to it.</summary>
internal sealed class Remarks : IProgress<string>
{
    public void Report(string value) => Screen.Say(value);
}
