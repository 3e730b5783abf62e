/**
 * What a tool returns is stored and sent several times: in the message, in the call, in their events. These hold
 * whatever the tool returns.
 */
export const MAX_CONTENT_BYTES = 256 * 1024;
export const MAX_METADATA_BYTES = 512 * 1024;
export const MAX_PARAMS_BYTES = 512 * 1024;
export const MAX_IMAGE_BYTES = 5 * 1024 * 1024;
