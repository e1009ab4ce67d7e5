using System.Reflection;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace HrNetBatch.TestKit;

/// <summary>
/// The rooms of an assembly, which are the namespaces right below its own, and which uses which, from its compiled code: what is only in
/// comments, <c>nameof</c> or a constant leaves no trace there. Types in the assembly's own namespace are the room <see cref="Root"/>.
/// </summary>
public sealed class RoomGraph
{
    /// <summary>The room of types that are in no folder.</summary>
    public const string Root = "(root)";

    private readonly string _name;
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _uses = new(StringComparer.Ordinal);

    private RoomGraph(string name) => _name = name;

    /// <summary>Reads an assembly.</summary>
    public static RoomGraph Of(Assembly assembly)
    {
        var graph = new RoomGraph(assembly.GetName().Name!);
        using ModuleDefinition module = ModuleDefinition.ReadModule(assembly.Location);
        foreach (TypeDefinition type in module.GetTypes())
        {
            if (graph.RoomOf(type) is not { } room)
                continue;
            graph._uses.TryAdd(room, new(StringComparer.Ordinal));
            foreach (TypeReference used in UsedBy(type).SelectMany(Parts))
            {
                if (used.Scope == module && graph.RoomOf(used) is { } other && other != room)
                    graph._uses[room].TryAdd(other, $"{Outermost(type).Name} uses {Outermost(used).Name}");
            }
        }
        return graph;
    }

    /// <summary>All rooms, by name.</summary>
    public IReadOnlyCollection<string> Rooms => _uses.Keys;

    /// <summary>Each room that uses another one, with an example.</summary>
    public IEnumerable<(string Room, string Used, string Example)> Uses =>
        _uses.SelectMany(room => room.Value.Select(used => (room.Key, used.Key, used.Value)));

    /// <summary>What makes a circle: each use of a room by one that this room uses too, directly or by others.</summary>
    public IReadOnlyList<string> Cycles =>
        [.. Uses.Where(use => Reaches(use.Used, use.Room)).Select(use => $"{use.Room} → {use.Used}: {use.Example}")];

    private bool Reaches(string from, string to)
    {
        var seen = new HashSet<string> { from };
        var queue = new Queue<string>(seen);
        while (queue.TryDequeue(out string? room))
        {
            foreach (string next in _uses[room].Keys)
            {
                if (next == to) return true;
                if (seen.Add(next)) queue.Enqueue(next);
            }
        }
        return false;
    }

    private string? RoomOf(TypeReference type)
    {
        string space = Outermost(type).Namespace;
        if (space == _name) return Root;
        return space.StartsWith(_name + ".", StringComparison.Ordinal) ? space[(_name.Length + 1)..].Split('.')[0] : null;
    }

    private static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
            type = outer;
        return type;
    }

    private static IEnumerable<TypeReference> UsedBy(TypeDefinition type)
    {
        var used = new List<TypeReference?> { type.BaseType };
        used.AddRange(type.Interfaces.Select(one => one.InterfaceType));
        used.AddRange(type.Fields.Select(field => field.FieldType));
        used.AddRange(type.Properties.Select(property => property.PropertyType));
        used.AddRange(Constraints(type));
        used.AddRange(Attributes(type).Concat(type.Fields.SelectMany(Attributes)).Concat(type.Properties.SelectMany(Attributes)));
        foreach (MethodDefinition method in type.Methods)
        {
            used.AddRange(Signature(method).Concat(Constraints(method)).Concat(Attributes(method)).Concat(method.Parameters.SelectMany(Attributes)));
            if (!method.HasBody)
                continue;
            used.AddRange(method.Body.Variables.Select(variable => variable.VariableType));
            used.AddRange(method.Body.ExceptionHandlers.Select(handler => handler.CatchType));
            foreach (Instruction instruction in method.Body.Instructions)
            {
                used.AddRange(instruction.Operand switch
                {
                    TypeReference one => [one],
                    MethodReference called => Signature(called),
                    FieldReference field => [field.DeclaringType, field.FieldType],
                    _ => Enumerable.Empty<TypeReference>(),
                });
            }
        }
        return used.OfType<TypeReference>();
    }

    private static IEnumerable<TypeReference> Signature(MethodReference method)
    {
        IEnumerable<TypeReference> signature = [.. method.Parameters.Select(parameter => parameter.ParameterType), method.ReturnType];
        if (method.DeclaringType is { } declaring) signature = signature.Append(declaring);
        return method is GenericInstanceMethod generic ? signature.Concat(generic.GenericArguments) : signature;
    }

    private static IEnumerable<TypeReference> Constraints(IGenericParameterProvider generic) =>
        generic.GenericParameters.SelectMany(parameter => parameter.Constraints).Select(constraint => constraint.ConstraintType);

    private static IEnumerable<TypeReference> Attributes(Mono.Cecil.ICustomAttributeProvider holder) => holder.CustomAttributes
        .SelectMany(attribute => attribute.ConstructorArguments.Select(argument => argument.Value).OfType<TypeReference>().Append(attribute.AttributeType));

    // List<Job>[] is a list and a job.
    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        TypeSpecification { ElementType: { } element } => Parts(element),
        GenericParameter => [],
        _ => [type],
    };
}
