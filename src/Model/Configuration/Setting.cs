namespace HrNetBatch.Model.Configuration;

/// <summary>A key with its value, as a file or an override gives it.</summary>
/// <param name="Key">All of its name: <c>TRAIN.LR</c>.</param>
/// <param name="Value">What <see cref="PythonLiteral.Parse"/> makes of it, or a list of such.</param>
/// <param name="Text">As it was written.</param>
/// <param name="Place">Where, for messages: file and line, or the override.</param>
internal sealed record Setting(string Key, object? Value, string Text, string Place);
