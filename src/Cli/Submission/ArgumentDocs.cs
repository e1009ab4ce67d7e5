using System.Reflection;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Cli.Submission;

/// <summary>The help text of options: the comments on the arguments records, so that it stands once.</summary>
internal static class ArgumentDocs
{
    /// <summary>The property's comment as one line; empty where the documentation file was not installed.</summary>
    public static string Of(PropertyInfo property) => XmlComments.Of(property, OptionName.Of);
}
