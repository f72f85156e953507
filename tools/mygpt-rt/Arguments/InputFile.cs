using System.CommandLine;
using System.CommandLine.Parsing;

namespace MyGpt.CommandLine.Arguments;

/// <summary>Arguments and options that name a file, and the checks that every one of them gets.</summary>
internal static class InputFile
{
    /// <summary>An argument that names a file; an empty name is a usage error.</summary>
    /// <param name="name">What the help calls it.</param>
    /// <param name="description">For the help.</param>
    public static Argument<string> Argument(string name, string description)
    {
        var argument = new Argument<string>(name) { Description = description };
        argument.Validators.Add(result => RequireName(result, name));
        return argument;
    }

    /// <summary>An argument that names a file and may be left out; an empty name is a usage error.</summary>
    /// <param name="name">What the help calls it.</param>
    /// <param name="description">For the help.</param>
    public static Argument<string?> OptionalArgument(string name, string description)
    {
        var argument = new Argument<string?>(name) { Description = description, Arity = ArgumentArity.ZeroOrOne };
        argument.Validators.Add(result => RequireName(result, name));
        return argument;
    }

    /// <summary>An option that names a file; an empty name is a usage error.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">For the help.</param>
    public static Option<string?> Option(string name, string description)
    {
        Option<string?> option = Options.Text(name, "FILE", description);
        option.Validators.Add(result => RequireName(result, name));
        return option;
    }

    /// <summary>Checks that there is a file of this name, without opening it: a pipe can be opened only once.</summary>
    /// <param name="path">As the user gave it.</param>
    /// <exception cref="CommandException">Nothing is there, or a folder.</exception>
    /// <exception cref="IOException">The name cannot be looked up.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder on the way may not be searched.</exception>
    public static void Require(string path)
    {
        if (RequireFileOrFolder(path).HasFlag(FileAttributes.Directory))
            throw new CommandException(ExitCode.CannotAccess, $"'{path}' is a folder; give a file");
    }

    /// <summary>Checks that there is a file or a folder of this name.</summary>
    /// <param name="path">As the user gave it.</param>
    /// <returns>What it is.</returns>
    /// <exception cref="CommandException">Nothing is there.</exception>
    /// <exception cref="IOException">The name cannot be looked up.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder on the way may not be searched.</exception>
    public static FileAttributes RequireFileOrFolder(string path)
    {
        try
        {
            return File.GetAttributes(path);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException(ExitCode.CannotAccess, $"'{path}' does not exist; check the path", failure);
        }
    }

    private static void RequireName(SymbolResult result, string name)
    {
        if (result.Tokens.Any(token => token.Value.Length == 0))
            result.AddError($"{name} is empty; give the name of a file");
    }
}
