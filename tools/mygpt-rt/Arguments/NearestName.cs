namespace MyGpt.CommandLine.Arguments;

/// <summary>Finds the name that somebody who mistyped probably meant.</summary>
internal static class NearestName
{
    /// <summary>The name with the smallest edit distance, or null when none is near.</summary>
    /// <param name="typed">What was typed.</param>
    /// <param name="names">The names there are.</param>
    public static string? Find(string typed, IEnumerable<string> names)
    {
        string? nearest = null;
        int best = Math.Max(2, typed.Length / 3) + 1;   // further away than this is another word
        foreach (string name in names)
        {
            int distance = name.StartsWith(typed, StringComparison.Ordinal) && typed.Length > 3 ? 1 : Distance(typed, name);
            if (distance < best)
                (best, nearest) = (distance, name);
        }
        return nearest;
    }

    /// <summary>Levenshtein distance: insertions, deletions and replacements that make one word of the other.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
            row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
