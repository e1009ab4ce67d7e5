using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace HrNetBatch.Jobs.Contracts;

/// <summary>The comments on records, for help texts and schemas, so that they stand once.</summary>
public static partial class XmlComments
{
    private static readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> Summaries = new();

    /// <summary>The property's comment as one line; empty where the documentation file was not installed.</summary>
    /// <param name="property">The property.</param>
    /// <param name="nameOf">How to write the name of a field that the comment refers to.</param>
    public static string Of(PropertyInfo property, Func<string, string> nameOf) =>
        Summaries.GetOrAdd(property.DeclaringType!.Assembly, Read).TryGetValue($"P:{property.DeclaringType.FullName}.{property.Name}", out XElement? summary) ? Text(summary, nameOf) : "";

    private static Dictionary<string, XElement> Read(Assembly assembly)
    {
        string file = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        if (!File.Exists(file))
            return [];
        return XDocument.Load(file).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")!);
    }

    private static string Text(XElement summary, Func<string, string> nameOf)
    {
        XElement text = new(summary);
        foreach (XElement see in text.Descendants("see").ToList())
        {
            string name = see.Attribute("cref")?.Value ?? see.Attribute("langword")?.Value ?? "";
            see.ReplaceWith(nameOf(name[(name.LastIndexOf('.') + 1)..]));
        }

        return Spaces().Replace(text.Value, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
