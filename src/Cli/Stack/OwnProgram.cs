using System.Runtime.InteropServices;

namespace HrNetBatch.Cli.Stack;

/// <summary>How to start another program of this project that lies beside this one.</summary>
internal static class OwnProgram
{
    /// <summary>The command for an assembly: through <c>dotnet</c>, or its own executable where everything was published self-contained.</summary>
    public static string[] Command(string assembly)
    {
        string folder = AppContext.BaseDirectory;
        string library = Path.Combine(folder, assembly + ".dll");
        bool isSelfContained = File.Exists(Path.Combine(folder, "libhostfxr.so")) || File.Exists(Path.Combine(folder, "libhostfxr.dylib"));
        if (File.Exists(library) && !isSelfContained) return [DotNet(), library];
        string executable = Path.Combine(folder, assembly);
        if (File.Exists(executable)) return [executable];
        throw new UserException($"{library} is missing; build or install HrNetBatch again.");
    }

    private static string DotNet()
    {
        // <root>/shared/Microsoft.NETCore.App/10.0.x/
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(beside) ? beside : "dotnet";
    }
}
