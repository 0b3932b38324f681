using Mono.Cecil;

namespace Newsletter.Mailer.Host.Tests.Architecture;

/// <summary>A type that breaks a rule of the house.</summary>
internal sealed record Violation(string Type, string Uses, string Why)
{
    public override string ToString() => $"{Type} uses {Uses}: {Why}";
}

/// <summary>Walks an assembly and holds it against the house's table.</summary>
internal static class Inspection
{
    public static IReadOnlyList<Violation> Of(string assembly, House house)
    {
        using var module = ModuleDefinition.ReadModule(assembly);
        return [.. module.Types.SelectMany(type => OfType(type, house)).Distinct()];
    }

    /// <summary>The names of the assemblies that an assembly refers to.</summary>
    public static IReadOnlyList<string> ReferencesOf(string assembly)
    {
        using var module = ModuleDefinition.ReadModule(assembly);
        return [.. module.AssemblyReferences.Select(reference => reference.Name)];
    }

    private static IEnumerable<Violation> OfType(TypeDefinition type, House house)
    {
        if (!house.Owns(type.Namespace))
            return IsGenerated(type) || house != House.Real ? [] : [new Violation(type.FullName, type.Namespace, "its namespace is in no room")];
        return house.RoomOf(type.Namespace) is { } room
            ? WithNested(type).SelectMany(each => InRoom(each, type, room, house)).Concat(Nouns(type, room))
            : [new Violation(type.FullName, type.Namespace, "its namespace is in no room")];
    }

    private static IEnumerable<Violation> InRoom(TypeDefinition type, TypeDefinition outermost, string room, House house)
    {
        var inStore = outermost.Name.EndsWith("Store", StringComparison.Ordinal);
        foreach (var used in Uses.Of(type))
        {
            var space = Uses.Outermost(used).Namespace;
            var why = house.RoomOf(space) is { } other
                ? House.WhyNot(room, other)
                : House.WhyNotPackage(room, inStore, AssemblyOf(used));
            if (why is not null)
                yield return new Violation(outermost.FullName, used.FullName, why);
        }
    }

    // Database's C# is about databases: what is in them stands in the migrations.
    private static IEnumerable<Violation> Nouns(TypeDefinition outermost, string room)
    {
        if (room != "Database")
            yield break;
        foreach (var type in WithNested(outermost))
            foreach (var name in type.Methods.Select(method => method.Name).Concat(type.Fields.Select(field => field.Name)).Append(type.Name))
                if (House.NounIn(name) is { } noun)
                    yield return new Violation(outermost.FullName, name, $"{noun} is a newsletter noun");
    }

    private static IEnumerable<TypeDefinition> WithNested(TypeDefinition type) => type.NestedTypes.SelectMany(WithNested).Prepend(type);

    private static string AssemblyOf(TypeReference type) => type.Scope is AssemblyNameReference assembly ? assembly.Name : "";

    // What the compiler and source generators add beside our types; and the entry point.
    private static bool IsGenerated(TypeDefinition type) =>
        type.Name.StartsWith('<')
        || type is { Namespace: "", Name: "Program" }
        || type.Namespace.StartsWith("System.", StringComparison.Ordinal)
        || type.Namespace.StartsWith("Microsoft.", StringComparison.Ordinal);
}
