"""Between frames and core types: reads identity, decodes, builds requests, classifies endings."""
