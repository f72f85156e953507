using MyGpt.CommandLine;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>Command lines that make no sense: exit code 2, one line that says what to do, nothing else.</summary>
public class UsageTests
{
    [Theory]
    [InlineData("no verb given", "")]
    [InlineData("unknown verb 'gnerate'; did you mean 'generate'?", "gnerate|weights.bin")]
    [InlineData("unknown verb 'translate'; give one of convert, generate", "translate")]
    [InlineData("unknown option '--jsno'", "--jsno")]
    [InlineData("generate needs WEIGHTS.BIN; see mygpt-rt generate --help", "generate")]
    [InlineData("verify needs EXPECTED.JSON", "verify|w.bin")]
    [InlineData("unknown option '--tempreature'; did you mean '--temperature'?", "generate|w.bin|--tempreature|0.5")]
    [InlineData("unknown option '--tempreature'; did you mean '--temperature'?", "generate|w.bin|text|--tempreature=0.5")]
    [InlineData("unknown option '--max-tokens'; did you mean '--max-new-tokens'?", "generate|w.bin|text|--max-tokens|5")]
    [InlineData("unknown option '--temp'; did you mean '--temperature'?", "generate|w.bin|--temp|1")]
    [InlineData("unknown option '-x'", "generate|w.bin|-x")]
    [InlineData("'b' is one argument too many for generate; put quotes around text with spaces", "generate|w.bin|a|b")]
    [InlineData("--max-new-tokens is 'ten'; it must be a whole number from 0 to 2147483647", "generate|w.bin|a|-n|ten")]
    [InlineData("--max-new-tokens is '-1'; it must be a whole number from 0 to 2147483647", "generate|w.bin|a|--max-new-tokens|-1")]
    [InlineData("--max-new-tokens is '1.5'", "generate|w.bin|a|-n|1.5")]
    [InlineData("--max-new-tokens is '99999999999'", "generate|w.bin|a|-n|99999999999")]
    [InlineData("--top-k is '99999999999'; it must be a whole number from 0 to 2147483647", "generate|w.bin|a|--top-k|99999999999")]
    [InlineData("--temperature is '1e39'; it must be a number from 0 to 3.4028235E+38", "generate|w.bin|a|--temperature|1e39")]
    [InlineData("--temperature is '-0.5'; it must be a number from 0 to 3.4028235E+38", "generate|w.bin|a|--temperature|-0.5")]
    [InlineData("--temperature is 'NaN'", "generate|w.bin|a|--temperature|NaN")]
    [InlineData("--temperature is 'Infinity'", "generate|w.bin|a|--temperature|Infinity")]
    [InlineData("--temperature is '0,8'", "generate|w.bin|a|--temperature|0,8")]
    [InlineData("--top-k is '-5'", "generate|w.bin|a|--top-k|-5")]
    [InlineData("--threads is '0'", "generate|w.bin|a|-t|0")]
    [InlineData("--num-samples is '0'", "generate|w.bin|a|--num-samples|0")]
    [InlineData("--seed is 'lucky'", "generate|w.bin|a|--seed|lucky")]
    [InlineData("--kv-type is 'f16'; it must be one of f32, bf16", "generate|w.bin|a|--kv-type|f16")]
    [InlineData("--kv-type is 'q8'; it must be one of f32, bf16", "score|w.bin|a|--kv-type|q8")]
    [InlineData("--kv-type is 'F32'; it must be one of f32, bf16", "bench|w.bin|--kv-type|F32")]
    [InlineData("--overflow is 'wrap'; it must be one of crop, stop", "generate|w.bin|a|--overflow|wrap")]
    [InlineData("--stop is empty", "generate|w.bin|a|--stop|")]
    [InlineData("--ids is '1,two'", "generate|w.bin|--ids|1,two")]
    [InlineData("--ids is '1,,2'", "generate|w.bin|--ids|1,,2")]
    [InlineData("--ids is '-3'", "generate|w.bin|--ids|-3")]
    [InlineData("--seed is given 2 times; give it once", "generate|w.bin|a|--seed|1|--seed|2")]
    [InlineData("--temperature needs a value", "generate|w.bin|a|--temperature")]
    [InlineData("a prompt and --ids are given; give one of them", "generate|w.bin|a|--ids|1")]
    [InlineData("a text and --file 'f' are given; give one of them", "tokenize|w.bin|a|--file|f")]
    [InlineData("no text given", "tokenize|w.bin")]
    [InlineData("score needs TEXT; see mygpt-rt score --help", "score|w.bin")]
    [InlineData("TEXT is empty; give the name of a file", "score|w.bin|")]
    [InlineData("--type is 'f16'; it must be one of f32, bf16", "convert|c.pt|--type|f16")]
    [InlineData("--heads is '0'; it must be a whole number from 1", "convert|c.pt|--heads|0")]
    [InlineData("--activation is 'gelu'; it must be one of gelu-erf, gelu-tanh, relu, relu-squared, silu", "convert|c.pt|--activation|gelu")]
    [InlineData("--vocab needs a value", "convert|c.pt|--vocab")]
    [InlineData("--kv-heads is '-1'; it must be a whole number from 1", "convert|c.pt|--kv-heads|-1")]
    [InlineData("--context is '0'; it must be a whole number from 1 to 1048576", "convert|c.pt|--context|0")]
    [InlineData("--norm is 'batch'; it must be one of layer, rms", "convert|c.pt|--norm|batch")]
    [InlineData("--norm-epsilon is '1e300'; it must be a number above 0 that float32 holds, at most 3.4e+38", "convert|c.pt|--norm-epsilon|1e300")]
    [InlineData("--norm-epsilon is '0'; it must be a number above 0", "convert|c.pt|--norm-epsilon|0")]
    [InlineData("--norm-epsilon is '1e-60'; it must be a number above 0", "convert|c.pt|--norm-epsilon|1e-60")]
    [InlineData("--rotary is 'yes'; it must be one of pairs, halves", "convert|c.pt|--rotary|yes")]
    [InlineData("--rotary-base is '1e39'; it must be a number above 0", "convert|c.pt|--rotary-base|1e39")]
    [InlineData("--rotary-base is 'NaN'; it must be a number above 0", "convert|c.pt|--rotary-base|NaN")]
    [InlineData("--tolerance is '-1'", "verify|w.bin|e.json|--tolerance|-1")]
    [InlineData("WEIGHTS.BIN is empty; give the name of a file", "generate||a")]
    [InlineData("WEIGHTS.BIN is empty", "tokenize||a")]
    [InlineData("WEIGHTS.BIN is empty", "bench|")]
    [InlineData("WEIGHTS.BIN is empty", "verify||e.json")]
    [InlineData("EXPECTED.JSON is empty", "verify|w.bin|")]
    [InlineData("FILE is empty", "inspect|")]
    [InlineData("CHECKPOINT is empty", "convert|")]
    [InlineData("--vocab is empty", "convert|c.pt|--vocab|")]
    [InlineData("--file is empty", "generate|w.bin|--file|")]
    [InlineData("--file is empty", "tokenize|w.bin|--file|")]
    [InlineData("--threads is 'all'", "bench|w.bin|--threads|all")]
    [InlineData("unknown option '-hello'; see mygpt-rt generate --help; an argument that begins with '-' goes after --", "generate|w.bin|-hello")]
    [InlineData("unknown option '-history'; see", "tokenize|w.bin|-history")]
    [InlineData("unknown option '-h5'", "generate|-h5|w.bin")]
    [InlineData("--max-new-tokens is 'h'", "generate|w.bin|a|-nh")]
    [InlineData("--max-perplexity-increase needs a value; see mygpt-rt convert --help", "convert|c.pt|w.bin|--max-perplexity-increase=|--text|f")]
    [InlineData("--max-new-tokens needs a value", "generate|w.bin|a|-n=|--json")]
    [InlineData("--stop needs a value", "generate|w.bin|a|--stop=|--json")]
    [InlineData("--temperature needs a value, '-n' found; see mygpt-rt generate --help", "generate|w.bin|a|--temperature|-n|3")]
    [InlineData("--stop needs a value, '-n' found", "generate|w.bin|a|--stop|x|--stop|-n|3")]
    [InlineData("--json takes no value, 'false' found; see mygpt-rt generate --help", "generate|w.bin|--json=false")]
    [InlineData("--hash takes no value, 'maybe' found", "generate|w.bin|a|--hash=maybe")]
    [InlineData("--json takes no value, 'no' found", "inspect|w.bin|--json:no")]
    [InlineData("--verbose takes no value, 'true' found", "verify|w.bin|e.json|--verbose=true")]
    public void A_command_line_that_makes_no_sense_is_one_line_and_exit_code_2(string needed, string arguments)
    {
        string[] args = arguments.Length == 0 ? [] : arguments.Split('|');
        Command.Run(args).Failed(2, needed);
    }

    [Theory]
    [InlineData("convert")]
    [InlineData("generate")]
    [InlineData("inspect")]
    [InlineData("verify")]
    [InlineData("score")]
    [InlineData("tokenize")]
    [InlineData("bench")]
    [InlineData("doctor")]
    public void Help_of_a_verb_is_a_result(string verb)
    {
        CommandResult result = Command.Run(verb, "--help").Succeeded();
        result.Shows($"mygpt-rt {verb}");
        Assert.Equal("", result.Error);
    }

    [Theory]
    [InlineData("-h")]
    [InlineData("-?")]
    [InlineData("--help")]
    public void Short_options_of_help_are_shown_and_stand_alone(string option)
    {
        string help = Command.Run("generate", "--help").Succeeded().Output;
        Assert.Contains("-?, -h, --help", help, StringComparison.Ordinal);
        Assert.Equal(help, Command.Run("generate", option).Succeeded().Output);
        Assert.Equal(help, Command.Run("generate", "w.bin", "a", option).Succeeded().Output);
    }

    [Theory]
    [InlineData("verify", "\n  NOT JUDGED  the weights are narrower than the checkpoint's", "3e-6 of the largest |logit|", "5 FAIL or NOT JUDGED")]
    [InlineData("score", "\n  exit codes  0 done, 2 usage", "in windows of the smaller context")]
    public void Help_says_what_the_outcomes_are(string verb, params string[] lines) => Command.Run(verb, "--help").Succeeded().Shows(lines);

    [Fact]
    public void Help_lists_every_verb()
    {
        string help = Command.Run("--help").Succeeded().Output;
        Assert.All(["convert", "generate", "inspect", "verify", "score", "tokenize", "bench", "doctor"], verb => Assert.Contains($"  {verb}", help, StringComparison.Ordinal));
    }

    [Fact]
    public void Help_explains_every_exit_code()
    {
        string help = Command.Run("--help").Succeeded().Output;
        string codes = help[help.IndexOf("exit codes", StringComparison.Ordinal)..help.IndexOf("Usage:", StringComparison.Ordinal)];
        Assert.All(Enum.GetValues<ExitCode>(), code => Assert.Matches($@"\s{(int)code} [a-z]", codes));
    }

    [Fact]
    public void Generate_help_names_every_option_of_the_contract()
    {
        string help = Command.Run("generate", "--help").Succeeded().Output;
        string[] options =
        [
            "-n, --max-new-tokens", "--temperature", "--top-k", "--seed", "-t, --threads", "--num-samples", "--stop", "--overflow", "--kv-type", "--json", "--stats",
            "--no-prompt", "--special", "--file", "--ids",
        ];
        Assert.All(options, option => Assert.Contains(option, help, StringComparison.Ordinal));
    }

    [Fact]
    public void Error_stays_one_line_whatever_a_name_holds() =>
        Command.Run("inspect", "two\nlines\e[2J.bin").Failed(4, "two\\nlines\\u001b[2J.bin");

    [Fact]
    public void Stack_trace_is_shown_only_when_asked_for()
    {
        Assert.DoesNotContain("   at ", Command.Run("inspect", "missing.bin").Error, StringComparison.Ordinal);
        Assert.Contains("   at ", Command.Run("inspect", "missing.bin", "--verbose").Error, StringComparison.Ordinal);
    }
}
