namespace HrNetBatch.Model.Data.Layouts;

/// <summary>Names by which a list names files beside it, or below its folder: never anywhere else.</summary>
internal static class NameInFolder
{
    /// <summary>What is wrong with one, as what follows it; null: nothing.</summary>
    public static string? Fault(string name) =>
        name.Length == 0 ? "is empty"
        : name.Any(char.IsControl) ? "holds a control character"
        : name.Contains('\\') ? "holds a backslash: folders are divided by /"
        : name.StartsWith('/') || name.Contains("://", StringComparison.Ordinal) || (name.Length > 1 && name[1] == ':') ? "is not relative to the folder of the list"
        : name.Split('/').Contains("..") ? "leads out of the folder of the list"
        : name.Split('/').Any(part => part is "" or ".") ? "has an empty part"
        : null;
}
