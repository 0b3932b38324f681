using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Newsletter.Mailer.Host.Tests.Architecture;

/// <summary>
/// Every type that a compiled type mentions: in its bases, members, attributes, generic arguments, locals and
/// instructions. The types that the compiler makes of lambdas, iterators and async methods are nested in their author
/// and are walked as types of their own.
/// </summary>
internal sealed class Uses
{
    private readonly HashSet<TypeReference> found = [];

    private Uses()
    {
    }

    /// <summary>What one type mentions, itself only: nested types are asked for apart.</summary>
    public static IEnumerable<TypeReference> Of(TypeDefinition type)
    {
        var uses = new Uses();
        uses.AddType(type);
        return uses.found;
    }

    /// <summary>The outermost type a type is nested in, whose namespace both share.</summary>
    public static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private void AddType(TypeDefinition type)
    {
        Add(type.BaseType);
        AddAttributes(type);
        AddParameters(type);
        foreach (var implemented in type.Interfaces)
        {
            Add(implemented.InterfaceType);
            AddAttributes(implemented);
        }

        foreach (var field in type.Fields)
        {
            Add(field.FieldType);
            AddAttributes(field);
        }

        foreach (var property in type.Properties)
        {
            Add(property.PropertyType);
            AddAttributes(property);
        }

        foreach (var @event in type.Events)
        {
            Add(@event.EventType);
            AddAttributes(@event);
        }

        foreach (var method in type.Methods)
            AddMethod(method);
    }

    private void AddMethod(MethodDefinition method)
    {
        AddSignature(method);
        AddAttributes(method);
        AddAttributes(method.MethodReturnType);
        AddParameters(method);
        foreach (var parameter in method.Parameters)
            AddAttributes(parameter);
        foreach (var overridden in method.Overrides)
            AddReference(overridden);
        if (!method.HasBody)
            return;
        foreach (var local in method.Body.Variables)
            Add(local.VariableType);
        foreach (var handler in method.Body.ExceptionHandlers)
            Add(handler.CatchType);
        foreach (var instruction in method.Body.Instructions)
            AddOperand(instruction);
    }

    private void AddOperand(Instruction instruction)
    {
        switch (instruction.Operand)
        {
            case TypeReference type:
                Add(type);
                break;
            case MethodReference method:
                AddReference(method);
                break;
            case FieldReference field:
                Add(field.DeclaringType);
                Add(field.FieldType);
                break;
            case CallSite site:
                AddSignature(site);
                break;
        }
    }

    private void AddReference(MethodReference method)
    {
        Add(method.DeclaringType);
        AddSignature(method);
        if (method is GenericInstanceMethod generic)
            AddAll(generic.GenericArguments);
    }

    private void AddSignature(IMethodSignature method)
    {
        Add(method.ReturnType);
        AddAll(method.Parameters.Select(parameter => parameter.ParameterType));
    }

    private void AddParameters(IGenericParameterProvider provider)
    {
        foreach (var parameter in provider.GenericParameters)
        {
            AddAttributes(parameter);
            AddAll(parameter.Constraints.Select(constraint => constraint.ConstraintType));
        }
    }

    private void AddAttributes(ICustomAttributeProvider provider)
    {
        foreach (var attribute in provider.CustomAttributes)
        {
            Add(attribute.AttributeType);
            foreach (var argument in attribute.ConstructorArguments.Concat(attribute.Properties.Concat(attribute.Fields).Select(named => named.Argument)))
                AddArgument(argument);
        }
    }

    private void AddArgument(CustomAttributeArgument argument)
    {
        Add(argument.Type);
        switch (argument.Value)
        {
            case TypeReference type:
                Add(type);
                break;
            case CustomAttributeArgument boxed:
                AddArgument(boxed);
                break;
            case CustomAttributeArgument[] many:
                foreach (var one in many)
                    AddArgument(one);
                break;
        }
    }

    private void AddAll(IEnumerable<TypeReference> types)
    {
        foreach (var type in types)
            Add(type);
    }

    private void Add(TypeReference? type)
    {
        switch (type)
        {
            case null or GenericParameter:
                return;
            case GenericInstanceType generic:
                AddAll(generic.GenericArguments);
                Add(generic.ElementType);
                return;
            case FunctionPointerType pointer:
                AddSignature(pointer);
                return;
            case IModifierType modified:
                Add(modified.ModifierType);
                Add(modified.ElementType);
                return;
            case TypeSpecification wrapped: // array, by reference, pointer, pinned
                Add(wrapped.ElementType);
                return;
            default:
                found.Add(type);
                return;
        }
    }
}
