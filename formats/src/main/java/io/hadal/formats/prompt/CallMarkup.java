package io.hadal.formats.prompt;

/**
 * Spelling of tool calls in an answer: a block of calls, each a list of parameters. All of it is
 * markup; names and values stand between its parts.
 *
 * @param blockOpen from the text before to the first call
 * @param betweenCalls between two calls of a block
 * @param blockClose from the last call to the end
 * @param callOpen up to the name of the tool
 * @param callNameEnd from the name to the first parameter
 * @param callClose from the last parameter, or the name when there are none, to the end of the call
 * @param parameterOpen up to the name of a parameter
 * @param textFlag from the name to a value that is a string, as it is
 * @param jsonFlag from the name to a value in JSON
 * @param parameterClose from the value to the end
 * @param betweenParameters between two parameters of a call
 */
public record CallMarkup(
    String blockOpen,
    String betweenCalls,
    String blockClose,
    String callOpen,
    String callNameEnd,
    String callClose,
    String parameterOpen,
    String textFlag,
    String jsonFlag,
    String parameterClose,
    String betweenParameters) {

  static CallMarkup of(ToolMarkup markup) {
    return new CallMarkup(
        markup.blockOpen + ">\n",
        "\n",
        "\n" + markup.blockClose,
        markup.invokeOpen + DsmlGrammar.NAME,
        "\">\n",
        "\n" + markup.invokeClose,
        markup.parameterOpen + DsmlGrammar.NAME,
        DsmlGrammar.STRING_TRUE,
        DsmlGrammar.STRING_FALSE,
        markup.parameterClose,
        "\n");
  }
}
