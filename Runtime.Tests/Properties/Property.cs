using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace MyGpt.Runtime.Tests.Properties;

/// <summary>Holds a property against generated values, the same ones in every run; of a value that breaks it, the simplest is reported.</summary>
/// <remarks>
/// PROPERTY_CASES=N tries N times as many values and PROPERTY_SEED=N others, as in
/// <c>PROPERTY_CASES=100 PROPERTY_SEED=7 dotnet test -c Release Runtime.Tests --filter Properties</c>. A failure says what runs it again.
/// </remarks>
internal static class Property
{
    private const string SeedVariable = "PROPERTY_SEED", CasesVariable = "PROPERTY_CASES";

    /// <summary>Checks values until one breaks the property.</summary>
    /// <param name="values">Makes them, and says which are simpler than a given one.</param>
    /// <param name="holds">Throws, as xunit's asserts do, where the property does not hold.</param>
    /// <param name="cases">How many values, from the smallest to the largest size; PROPERTY_CASES multiplies it.</param>
    public static void Holds<T>(Arbitrary<T> values, Action<T> holds, int cases)
    {
        ulong seed = Setting(SeedVariable, 20_261), factor = Setting(CasesVariable, 1);
        Config config = Config.QuickThrowOnFailure
            .WithQuietOnSuccess(true)
            .WithMaxTest(checked(cases * (int)factor))
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(seed), FSharpOption<int>.None)));
        Exception? failure = Record.Exception(() => Check.One(config, Prop.ForAll(values, holds)));
        if (failure is not null)
            Assert.Fail($"{SeedVariable}={seed} {CasesVariable}={factor} finds it again. {failure.Message}");
    }

    private static ulong Setting(string variable, ulong usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? ulong.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
            : usual;
}
