using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Machine;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Doctor;

/// <summary>A diagnosis as a text and as JSON.</summary>
internal sealed class DiagnosisReport(Diagnosis diagnosis) : IReport
{
    private readonly MachineDescription _machine = diagnosis.Machine;
    private readonly KernelExamination _kernels = diagnosis.Kernels;

    /// <inheritdoc/>
    public void Print(TextWriter output)
    {
        var table = new TextTable(false, false);
        table.Add("processor", $"{Messages.OneLine(_machine.Processor ?? "name not known")}, {Cores(_machine.Cores)} for this process");
        table.Add("instructions", _machine.Features.Any(feature => feature.IsUsable) ? Names(feature => feature.IsUsable) : "none that .NET uses");
        if (_machine.Features.Any(IsForbidden))
            table.Add("not usable", $"{Names(IsForbidden)}: switched off, or the system does not support it");
        if (_machine.Features.Any(IsUnknown))
            table.Add("not known", $"{Names(IsUnknown)}: .NET does not use them, and cannot tell whether the processor has them");
        if (_machine.Settings.Count > 0)
            table.Add("set", Messages.OneLine(string.Join(" ", _machine.Settings)));
        table.Add("kernels use", $"{_machine.InstructionSet}, 8 lanes of float32; .NET has {Vectors(_machine.VectorBits)}");
        table.Add("memory", Figures.Bytes(_machine.Memory));
        table.Add("cgroup", Limits(_machine.Limits));
        table.Add("system", $"{_machine.DotNet}, {Messages.OneLine(_machine.Platform)}");
        table.Add("checked", Checked());
        foreach (KernelFault fault in _kernels.Faults)
            table.Add("  WRONG", $"{fault.Kernel}: {fault.Description}");
        table.Write(output);
        if (diagnosis.Limits.Count > 0)
            PrintLimits(output);
        if (diagnosis.Expected is { } expected)
            PrintExpected(output, expected);
    }

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteBoolean("pass", _kernels.Faults.Count == 0);
        json.WriteString("warning", diagnosis.Warning);
        WriteMachine(json);
        WriteKernels(json);
        json.WriteStartArray("limits");
        foreach (MachineLimits limits in diagnosis.Limits)
        {
            json.WriteStartObject();
            json.WriteNumber("threads", limits.Threads);
            Spread.Write(json, "read_gb_s", limits.Read, 2);
            Spread.Write(json, "fma_gflop_s", limits.Fma, 2);
            Spread.Write(json, "fma_256_gflop_s", limits.KernelFma, 2);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (diagnosis.Expected is { } expected)
            WriteExpected(json, expected);
        else
            json.WriteNull("expected");
    }

    private void PrintLimits(TextWriter output)
    {
        foreach (MachineLimits limits in diagnosis.Limits)
        {
            output.WriteLine();
            var table = new TextTable(false, true, true, true, false);
            table.Add(Threads(limits.Threads), "median", "min", "max", "");
            Spread.Row(table, "read", limits.Read, "GB/s");
            Spread.Row(table, "multiply-add", limits.Fma, "GFLOP/s");
            if (FmaProbe.HasWide)
                Spread.Row(table, "  in 256 bits, as kernels do", limits.KernelFma, "GFLOP/s");
            table.Write(output);
        }
    }

    private void PrintExpected(TextWriter output, ExpectedSpeed expected)
    {
        output.WriteLine();
        var table = new TextTable(false, true, false);
        table.Add("to expect", "", $"an estimate, {expected.Type.Code()}, {Threads(diagnosis.Limits[^1].Threads)}; mygpt-rt bench measures");
        table.Add("decode", Figures.Rate(expected.Decode), $"tokens/s: a token reads {Figures.Bytes(expected.BytesPerToken)} of weights");
        table.Add("prefill", Figures.Rate(expected.Prefill), $"tokens/s, of {expected.PromptLength}: a token takes {Rounded(expected.FlopsPerToken / 1e6)} million operations");
        table.Write(output);
    }

    private void WriteMachine(Utf8JsonWriter json)
    {
        json.WriteString("processor", _machine.Processor);
        json.WriteNumber("cores", _machine.Cores);
        json.WriteStartArray("features");
        foreach (CpuFeature feature in _machine.Features)
        {
            json.WriteStartObject();
            json.WriteString("name", feature.Name);
            if (feature.InCpu is { } isInCpu)
                json.WriteBoolean("in_cpu", isInCpu);
            else
                json.WriteNull("in_cpu");
            json.WriteBoolean("usable", feature.IsUsable);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("settings");
        foreach (string setting in _machine.Settings)
            json.WriteStringValue(setting);
        json.WriteEndArray();
        json.WriteString("instruction_set", _machine.InstructionSet);
        json.WriteNumber("vector_bits", _machine.VectorBits);
        json.WriteNumber("memory_bytes", _machine.Memory);
        json.WriteStartObject("cgroup");
        Number(json, "processors", _machine.Limits.Processors);
        Number(json, "memory_bytes", _machine.Limits.Memory);
        json.WriteEndObject();
        json.WriteString("dotnet", _machine.DotNet);
        json.WriteString("platform", _machine.Platform);
    }

    private void WriteKernels(Utf8JsonWriter json)
    {
        json.WriteStartObject("kernels");
        json.WriteNumber("checked", _kernels.Kernels);
        json.WriteNumber("calls", _kernels.Calls);
        json.WriteNumber("numbers", _kernels.Numbers);
        json.WriteNumber("seconds", Math.Round(_kernels.Seconds, 3));
        json.WriteStartArray("wrong");
        foreach (KernelFault fault in _kernels.Faults)
        {
            json.WriteStartObject();
            json.WriteString("kernel", fault.Kernel);
            json.WriteString("fault", fault.Description);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteExpected(Utf8JsonWriter json, ExpectedSpeed expected)
    {
        json.WriteStartObject("expected");
        json.WriteNumber("threads", diagnosis.Limits[^1].Threads);
        json.WriteString("type", expected.Type.Code());
        json.WriteNumber("bytes_per_token", expected.BytesPerToken);
        json.WriteNumber("flop_per_prompt_token", Math.Round(expected.FlopsPerToken));
        json.WriteNumber("prompt_tokens", expected.PromptLength);
        json.WriteNumber("decode_tok_s", Math.Round(expected.Decode, 2));
        json.WriteNumber("prefill_tok_s", Math.Round(expected.Prefill, 2));
        json.WriteEndObject();
    }

    private string Checked()
    {
        string verdict = _kernels.Faults.Count == 0 ? "all right" : $"{_kernels.Faults.Count} WRONG";
        string seconds = _kernels.Seconds.ToString("0.00", CultureInfo.InvariantCulture);
        return $"{_kernels.Kernels} kernels against plain references in {seconds} s, {Figures.Count(_kernels.Numbers)} numbers of {_kernels.Calls} calls: {verdict}";
    }

    private string Names(Func<CpuFeature, bool> isMeant) => string.Join(" ", _machine.Features.Where(isMeant).Select(feature => feature.Name));

    private static bool IsForbidden(CpuFeature feature) => feature.InCpu == true && !feature.IsUsable;

    private static bool IsUnknown(CpuFeature feature) => feature.InCpu is null;

    private static string Vectors(int bits) => bits == 0 ? "no vector instructions" : $"vectors of {bits} bits";

    private static string Limits(CgroupLimits limits)
    {
        string processors = limits.Processors is { } count ? $"{Rounded(count)} processors" : "no limit of processors";
        return $"{processors}, {(limits.Memory is { } bytes ? Figures.Bytes(bytes) : "no limit")} of memory";
    }

    private static string Cores(int count) => $"{count} core{(count == 1 ? "" : "s")}";

    private static string Threads(int count) => $"{count} thread{(count == 1 ? "" : "s")}";

    private static string Rounded(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
