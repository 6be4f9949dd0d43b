/** Tests of LangChain4j's interfaces. */
@NullMarked
package io.hadal.langchain4j;

import org.jspecify.annotations.NullMarked;
