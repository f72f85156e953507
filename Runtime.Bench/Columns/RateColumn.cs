using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace MyGpt.Runtime.Bench.Columns;

/// <summary>Work per second at the median time.</summary>
public sealed class RateColumn(string name, Func<Work, double> amount, string legend) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public string Legend => legend;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, SummaryStyle.Default);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
    {
        object? work = benchmarkCase.Descriptor.Type.GetMethod(nameof(IHasWork.WorkOf))?
            .Invoke(null, [benchmarkCase.Descriptor.WorkloadMethod.Name, benchmarkCase.Parameters]);
        double? nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Median;
        double done = work is Work found ? amount(found) : 0;
        return done > 0 && nanoseconds is > 0 ? (done / nanoseconds.Value * 1e9).ToString("#,0.0", CultureInfo.InvariantCulture) : "-";
    }
}
