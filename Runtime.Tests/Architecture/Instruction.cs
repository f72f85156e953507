using System.Reflection.Emit;

namespace MyGpt.Runtime.Tests.Architecture;

/// <summary>One instruction of a method's body.</summary>
/// <param name="Operand">What its operand is.</param>
/// <param name="Value">Its operand where that has 1 or 4 bytes, signed; else 0.</param>
internal readonly record struct Instruction(OperandType Operand, int Value)
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>Whether it jumps backwards: the end of a loop.</summary>
    public bool IsBackwardBranch => Operand is OperandType.ShortInlineBrTarget or OperandType.InlineBrTarget && Value < 0;

    /// <summary>Reads a body.</summary>
    public static IEnumerable<Instruction> Of(byte[] code)
    {
        for (int i = 0; i < code.Length;)
        {
            short value = code[i++];
            if (value == 0xFE)
                value = (short)(0xFE00 | code[i++]);
            OperandType operand = OpCodesByValue[value].OperandType;
            int length = operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, i),
                _ => 4,
            };
            yield return new Instruction(operand, length switch { 1 => (sbyte)code[i], 4 => BitConverter.ToInt32(code, i), _ => 0 });
            i += length;
        }
    }
}
