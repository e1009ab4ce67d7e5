using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace HrNetBatch.Cli.Submission;

/// <summary>The help text of options: the comments on the arguments records, so that it stands once.</summary>
internal static partial class ArgumentDocs
{
    private static readonly Lazy<Dictionary<string, string>> Summaries = new(Read);

    /// <summary>The property's comment as one line; empty where the documentation file was not installed.</summary>
    public static string Of(PropertyInfo property) =>
        Summaries.Value.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}", "");

    private static Dictionary<string, string> Read()
    {
        string file = Path.Combine(AppContext.BaseDirectory, typeof(Jobs.JobServices).Assembly.GetName().Name + ".xml");
        if (!File.Exists(file)) return [];
        return XDocument.Load(file).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => Text(member.Element("summary")!));
    }

    private static string Text(XElement summary)
    {
        foreach (XElement see in summary.Descendants("see").ToList())
        {
            string name = see.Attribute("cref")?.Value ?? see.Attribute("langword")?.Value ?? "";
            see.ReplaceWith(OptionName.Of(name[(name.LastIndexOf('.') + 1)..]));
        }
        return Spaces().Replace(summary.Value, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
