/** Hadal's models behind the interfaces of LangChain4j, in process. */
@NullMarked
package io.hadal.langchain4j;

import org.jspecify.annotations.NullMarked;
