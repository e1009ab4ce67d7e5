using System.ComponentModel.DataAnnotations;
using System.Reflection;
using HrNetBatch.Dashboard;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Worker;
using Microsoft.Extensions.Configuration;

namespace HrNetBatch.Infra.Tests.Programs;

/// <summary>The options classes of a program, and whether an environment binds to them.</summary>
internal sealed class ProgramOptions
{
    // Everything else that a container may be given, and who reads it.
    private static readonly HashSet<string> Others =
    [
        "AZURE_CLIENT_ID",             // Azure.Identity
        "OTEL_EXPORTER_OTLP_ENDPOINT", // OpenTelemetry
    ];

    private readonly Dictionary<string, Type> _sections;

    private ProgramOptions(params Assembly[] assemblies) => _sections = assemblies
        .SelectMany(assembly => assembly.GetTypes())
        .Select(type => (Type: type, Section: type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() as string))
        .Where(options => options.Section is not null)
        .ToDictionary(options => options.Section!, options => options.Type, StringComparer.OrdinalIgnoreCase);

    /// <summary>The worker's: its own and those of jobs and their kinds.</summary>
    public static ProgramOptions Worker { get; } = new(typeof(WorkerOptions).Assembly, typeof(LedgerOptions).Assembly, typeof(ModelOptions).Assembly);

    /// <summary>The dashboard's: its own and those of jobs, and those of kinds for <c>hrnet</c>, which is in the same image.</summary>
    public static ProgramOptions Dashboard { get; } = new(typeof(DashboardOptions).Assembly, typeof(LedgerOptions).Assembly, typeof(ModelOptions).Assembly);

    /// <summary>Binds an environment as the program would, only strictly.</summary>
    /// <returns>Every fault: a name that nothing reads, a value that does not convert or that the options refuse.</returns>
    public List<string> Faults(IReadOnlyDictionary<string, string> environment)
    {
        List<string> faults =
        [
            .. environment.Keys.Where(name => !Others.Contains(name) && SectionOf(Key(name)) is null).Select(name => $"{name}: no program reads this"),
        ];
        foreach (var (section, type) in _sections)
        {
            var settings = environment.Where(variable => SectionOf(Key(variable.Key)) == section).ToDictionary(variable => Key(variable.Key), variable => (string?)variable.Value);
            if (settings.Count > 0)
                faults.AddRange(Faults(section, type, settings));
        }
        return faults;
    }

    private static IEnumerable<string> Faults(string section, Type type, Dictionary<string, string?> settings)
    {
        object options;
        try
        {
            options = new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetRequiredSection(section)
                .Get(type, binder => binder.ErrorOnUnknownConfiguration = true)!;
        }
        catch (InvalidOperationException wrong)
        {
            return [$"{section}: {wrong.Message} {wrong.InnerException?.Message}"];
        }
        List<ValidationResult> results = [];
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return results.Select(result => $"{section}: {result.ErrorMessage}");
    }

    // HrNetBatch:Worker:Intake:BatchCount belongs to HrNetBatch:Worker:Intake, and not to HrNetBatch:Worker.
    private string? SectionOf(string key) => _sections.Keys
        .Where(section => key.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase))
        .MaxBy(section => section.Length);

    private static string Key(string name) => name.Replace("__", ":", StringComparison.Ordinal);
}
