using System.Reflection;
using Mono.Cecil;

namespace HrNetBatch.TestKit;

/// <summary>What an assembly loads, directly or through others, as far as the files lie beside it; nothing is loaded to find out.</summary>
public static class AssemblyClosure
{
    /// <summary>Names, the assembly's own among them, each with the way to it: <c>HrNetBatch.Worker → HrNetBatch.Kinds → TorchSharp</c>.</summary>
    public static IReadOnlyDictionary<string, string> Of(Assembly assembly)
    {
        string folder = Path.GetDirectoryName(assembly.Location)!, start = assembly.GetName().Name!;
        var ways = new Dictionary<string, string>(StringComparer.Ordinal) { [start] = start };
        var queue = new Queue<string>(ways.Keys);
        while (queue.TryDequeue(out string? name))
        {
            string file = Path.Combine(folder, name + ".dll");
            if (!File.Exists(file))
                continue;   // the framework's
            using ModuleDefinition module = ModuleDefinition.ReadModule(file);
            foreach (AssemblyNameReference reference in module.AssemblyReferences)
            {
                if (ways.TryAdd(reference.Name, $"{ways[name]} → {reference.Name}"))
                    queue.Enqueue(reference.Name);
            }
        }
        return ways;
    }
}
