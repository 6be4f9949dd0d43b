/** Project memory: what the open file and its project say about the next token. */
@org.jspecify.annotations.NullMarked
package io.hadal.engine.memory;
