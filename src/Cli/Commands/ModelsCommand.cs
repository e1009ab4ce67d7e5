using System.CommandLine;
using System.Globalization;
using HrNetBatch.Cli.Output;
using HrNetBatch.Kinds.Models;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet models list|show|add|tag|untag|remove</c></summary>
internal static class ModelsCommand
{
    public static Command Create() => new("models", "Keep checkpoints under names and versions, for jobs to name as model:NAME[@VERSION|@TAG].")
    {
        ModelsListCommand.Create(),
        ModelsShowCommand.Create(),
        ModelsAddCommand.Create(),
        ModelsTagCommand.CreateTag(),
        ModelsTagCommand.CreateUntag(),
        ModelsRemoveCommand.Create(),
    };

    /// <summary>Reads a model's reference that was typed, with <c>model:</c> or without.</summary>
    /// <exception cref="UserException">It is none.</exception>
    public static ModelReference Parse(string text) =>
        ModelReference.TryParse(text, out ModelReference? reference, out string? fault) ? reference : throw new UserException(fault, UserException.WrongRequest);

    /// <summary>Reads a reference that must name one version by its number.</summary>
    /// <exception cref="UserException">It names none.</exception>
    public static (string Name, int Version) ParseVersion(string text) =>
        Parse(text) is { Version: { } version } reference ? (reference.Name, version)
        : throw new UserException($"'{text}' does not say which version: write NAME@NUMBER. `hrnet models list NAME` lists them.", UserException.WrongRequest);

    /// <summary>A version as JSON: all that the store knows, and where the weights are.</summary>
    public static object Document(ModelStore store, ModelVersion version, IEnumerable<ModelTag> tags) => new
    {
        Reference = $"{version.ToReference()}",
        Tags = TagsOf(version, tags),
        Path = $"{store.WeightsOf(version)}",
        Model = version,
    };

    /// <summary>The tags that point to a version.</summary>
    public static string[] TagsOf(ModelVersion version, IEnumerable<ModelTag> tags) => [.. tags.Where(tag => tag.Version == version.Version).Select(tag => tag.Name)];

    /// <summary>epochs 100, top1 0.713</summary>
    public static string Metrics(ModelVersion version) =>
        string.Join(", ", version.Metrics.OrderBy(metric => metric.Key, StringComparer.Ordinal).Select(metric => $"{metric.Key} {Words.Value(metric.Value)}"));

    /// <summary>2026-11-23 07:06</summary>
    public static string Time(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
