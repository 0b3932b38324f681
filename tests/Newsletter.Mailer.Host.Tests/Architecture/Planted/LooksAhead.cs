// Violations for ArchitectureTests to find, each in one of the places where a simpler walker misses it.
using Planted.Delivery;

namespace Planted.Links;

internal static class InAnAsyncLambda
{
    internal static Func<Task<int>> Make(int seed) => async () =>
    {
        await Task.Yield();
        return seed + new Thing().Number;
    };
}

internal static class InAnAsyncIterator
{
    internal static async IAsyncEnumerable<int> Make()
    {
        await Task.Yield();
        yield return new Thing().Number;
    }
}

internal static class InAnIterator
{
    internal static IEnumerable<int> Make()
    {
        yield return new Thing().Number;
    }
}

internal static class InALambda
{
    internal static Func<object> Make() => () => new Thing();
}

internal static class InAGenericArgument
{
    internal static int Make() => Array.Empty<List<Thing>>().Length;
}

internal static class InAConstraint<T>
    where T : IThing
{
    internal static string Name => typeof(T).Name;
}

[Marked(typeof(Thing))]
internal static class InAnAttribute
{
}

internal static class InAnAttributesList
{
    [Marked(typeof(string), Also = [typeof(int), typeof(Thing)])]
    internal static int Number => 1;
}

internal static class InALocal
{
    // Assigned twice, so that no build leaves the local out; nothing else here mentions its type.
    internal static bool Make(int rounds)
    {
        Value? local = null;
        while (rounds-- > 0)
            local = null;
        return local is null;
    }
}

internal static class InACatch
{
    internal static int Make()
    {
        try
        {
            return int.Parse("1", System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (ThingException)
        {
            return 0;
        }
    }
}

internal sealed class InAnArrayField
{
    internal Thing[][]? Things { get; set; }
}

internal sealed class InItsBase : Thing
{
}

internal static class InANestedType
{
    internal static class Inner
    {
        internal static class Innermost
        {
            internal static object Make() => new Thing();
        }
    }
}

[AttributeUsage(AttributeTargets.All)]
internal sealed class MarkedAttribute(Type type) : Attribute
{
    public Type Type { get; } = type;

    public Type[] Also { get; set; } = [];
}
