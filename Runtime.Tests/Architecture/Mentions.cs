using System.Reflection;
using System.Reflection.Emit;

namespace MyGpt.Runtime.Tests.Architecture;

/// <summary>Every type that a type's declarations and method bodies mention.</summary>
internal static class Mentions
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    public static IEnumerable<Type> Of(Type type)
    {
        IEnumerable<Type> direct = type.GetInterfaces()
            .Concat(type.BaseType is { } parent ? [parent] : [])
            .Concat(type.GetFields(All).Select(field => field.FieldType))
            .Concat(type.GetConstructors(All).SelectMany(Of))
            .Concat(type.GetMethods(All).SelectMany(method => Of(method).Append(method.ReturnType)));
        return direct.SelectMany(Parts);
    }

    private static IEnumerable<Type> Of(MethodBase method) =>
        method.GetParameters().Select(parameter => parameter.ParameterType).Concat(method.GetMethodBody() is { } body ? OfBody(method, body) : []);

    private static List<Type> OfBody(MethodBase method, MethodBody body)
    {
        List<Type> found = [.. body.LocalVariables.Select(local => local.LocalType)];
        foreach (Instruction instruction in Instruction.Of(body.GetILAsByteArray()!))
        {
            if (instruction.Operand is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                found.AddRange(Resolve(method, instruction.Value));
        }
        return found;
    }

    private static IEnumerable<Type> Resolve(MethodBase method, int token)
    {
        Type[]? typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        MemberInfo? member = method.Module.ResolveMember(token, typeArguments, methodArguments);
        IEnumerable<Type?> types = member switch
        {
            Type type => [type],
            MethodInfo { IsGenericMethod: true } called => [called.DeclaringType, .. called.GetGenericArguments()],
            _ => [member?.DeclaringType],
        };
        return types.OfType<Type>();
    }

    // An array's elements, a generic's arguments, what a pointer points to.
    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericParameter ? []
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type)
        : [type];
}
