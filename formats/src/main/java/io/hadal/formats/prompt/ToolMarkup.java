package io.hadal.formats.prompt;

import static io.hadal.formats.prompt.SpecialTokens.DSML;

/** Spelling of the DSML tags of a dialect. {@code …Open} stops before the attributes. */
final class ToolMarkup {
  /** Opening of a block as it follows content: two newlines and the tag without {@code >}. */
  final String blockOpen;

  final String blockClose;
  final String invokeOpen;
  final String invokeClose;
  final String parameterOpen;
  final String parameterClose;

  ToolMarkup(String block, String invoke, String parameter) {
    blockOpen = "\n\n<" + DSML + block;
    blockClose = "</" + DSML + block + ">";
    invokeOpen = "<" + DSML + invoke;
    invokeClose = "</" + DSML + invoke + ">";
    parameterOpen = "<" + DSML + parameter;
    parameterClose = "</" + DSML + parameter + ">";
  }

  /** Text of the tools section up to the schemas. */
  String toolsHead() {
    return """
    ## Tools

    You have access to a set of tools to help answer the user's question. \
    You can invoke tools by writing a "%1$s" block like the following:

    %1$s
    %3$s name="$TOOL_NAME">
    %5$s name="$PARAMETER_NAME" string="true|false">$PARAMETER_VALUE%6$s
    ...
    %4$s
    %3$s name="$TOOL_NAME2">
    ...
    %4$s
    %2$s

    String parameters should be specified as is and set `string="true"`. \
    For all other types (numbers, booleans, arrays, objects), pass the value in JSON format \
    and set `string="false"`.

    If thinking_mode is enabled (triggered by <think>), you MUST output your complete reasoning \
    inside <think>...</think> BEFORE any tool calls or final response.

    Otherwise, output directly after </think> with tool calls or final response.

    ### Available Tool Schemas

    """
        .formatted(
            blockOpen.strip() + ">",
            blockClose,
            invokeOpen,
            invokeClose,
            parameterOpen,
            parameterClose);
  }

  /** Text of the tools section after the schemas. */
  static final String TOOLS_TAIL =
      "\n\nYou MUST strictly follow the above defined tool name and parameter schemas"
          + " to invoke tool calls.\n";
}
