/* Quoth on wiki pages: <div class="quoth-assistant" data-document="handbook"></div> becomes the assistant.
   Change the address here where Quoth has one of its own: only who may edit this page decides where questions go. */
( function () {
	var server = '/quoth/',
		attributes = [ 'document', 'mode', 'theme', 'label', 'question' ];

	mw.hook( 'wikipage.content' ).add( function ( $content ) {
		var $places = $content.find( 'div.quoth-assistant' );
		$places.each( function () {
			var place = this,
				assistant = document.createElement( 'quoth-assistant' );
			attributes.forEach( function ( name ) {
				if ( place.dataset[ name ] ) {
					assistant.setAttribute( name, place.dataset[ name ] );
				}
			} );
			$( place ).replaceWith( assistant );
		} );
		if ( $places.length ) {
			mw.loader.load( new URL( server + 'widget.js', location.href ).href );
		}
	} );
}() );
